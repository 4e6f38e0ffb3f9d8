// The confirmation after an order is paid.
import { html, useLayoutEffect } from "/vendor/preact/standalone.module.js";
import { ErrorNote } from "../components/notices.js";
import { OrderReceipt, StatusStamp } from "../components/order-receipt.js";
import { ReceiptPlaceholder } from "../components/receipt.js";
import { ReceiptLink } from "../components/receipt-link.js";
import { useOrder } from "../state/orders.js";
import { navigate, useRouteArrival } from "../state/router.js";

export function ThanksView({ id }) {
  const { data, error } = useOrder(id);
  const paid = data?.order.status === "PAID";
  useRouteArrival(Boolean(paid || error), "Thank you");
  useLayoutEffect(() => {
    if (data && !paid) navigate(`/orders/${id}`, { replace: true });
  }, [data]);
  if (error) {
    return html`<div class="column">
      <h1 tabindex="-1">No such order</h1>
      <${ErrorNote} error=${error}><a class="button" href="/orders">My orders</a><//>
    </div>`;
  }
  return html`<div class="column thanks">
    <h1 tabindex="-1">Thank you. It is paid.</h1>
    <p>Your things are put aside for you. This receipt stays under “My orders”.</p>
    ${
      paid
        ? html`<${OrderReceipt} order=${data.order} events=${data.events}>
          <p class="receipt-stamp"><${StatusStamp} status="PAID" /></p>
        <//>
        <${ReceiptLink} orderId=${id} />`
        : html`<${ReceiptPlaceholder} />`
    }
    <p class="actions">
      <a class="button" href="/">Back to the shelves</a>
      <a class="button quiet" href="/orders">My orders</a>
    </p>
  </div>`;
}
