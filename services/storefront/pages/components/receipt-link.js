// The link to a receipt, to keep or to pass on.

import { html } from "/vendor/preact/standalone.module.js";
import { useReceiptLink } from "../state/receipts.js";
import { CopyLink } from "./copy-link.js";

export function ReceiptLink({ orderId }) {
  const { data: link, error } = useReceiptLink(orderId);
  if (error?.code === "receipt_revoked")
    return html`<p class="small soft">The shop gives out no link to this receipt.</p>`;
  if (error) return null;
  return html`<p class="small soft">
    This receipt has <a href=${link ?? undefined}>a link of its own</a>, which shows it on any device, to whoever has it.
    ${" "}${link && html`<${CopyLink} path=${link} name="this receipt" />`}
  </p>`;
}
