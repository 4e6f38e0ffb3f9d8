// A receipt by its own link: that order alone, for whoever has the link.

import { html, useEffect } from "/vendor/preact/standalone.module.js";
import { EmptyState, ErrorNote } from "../components/notices.js";
import { OrderReceipt, StatusStamp } from "../components/order-receipt.js";
import { ReceiptPlaceholder } from "../components/receipt.js";
import { useReceipt } from "../state/receipts.js";
import { useRouteArrival } from "../state/router.js";

export function ReceiptView({ id }) {
  const { data: order, error, reload, reloadIfIdle } = useReceipt(id);
  useEffect(() => {
    const look = () => document.hidden || reloadIfIdle();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [reloadIfIdle]);
  useRouteArrival(Boolean(order || error), "Receipt");
  if (error?.code === "receipt_not_found") {
    return html`<h1 tabindex="-1">No such receipt</h1>
      <${EmptyState} title="This link leads to no receipt">
        <p>It is cut short, a newer link has taken its place, or the shop has withdrawn it.</p>
        <p><a class="button" href="/">To the shelves</a></p>
      <//>`;
  }
  return html`<div class="column">
    <h1 tabindex="-1">Receipt</h1>
    ${error && html`<${ErrorNote} error=${error}><button class="button" type="button" onClick=${reload}>Try again</button><//>`}
    ${!order && !error && html`<${ReceiptPlaceholder} />`}
    ${
      order &&
      html`<${OrderReceipt} order=${order} events=${order.events}>
        <p class="receipt-stamp"><${StatusStamp} status=${order.status} /></p>
      <//>`
    }
  </div>`;
}
