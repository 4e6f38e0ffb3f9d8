// An order as a receipt, and its history as a strip of stamps.

import { clockTimeOn, minorOf, when } from "/shared/format.js";
import { html } from "/vendor/preact/standalone.module.js";
import { describeEvent, describeStatus } from "../texts.js";
import { Receipt } from "./receipt.js";

/** "No. 3F2A91": as much of an order's id as one reads aloud. */
export function orderNumber(orderId) {
  return `No. ${orderId.slice(0, 6).toUpperCase()}`;
}

/** The lines of an order as its receipt has them. */
export function orderLines(order) {
  return order.items.map((item) => ({
    key: item.product_id,
    name: item.name ?? `Product ${item.product_id}`,
    quantity: item.quantity,
    price: item.price === null ? null : minorOf(item.price, order.currency),
  }));
}

/** An order's status as a stamp. */
export function StatusStamp({ status }) {
  const { text, tone } = describeStatus(status);
  return html`<span class=${`stamp ${tone}`}>${text}</span>`;
}

export function OrderReceipt({ order, events, children }) {
  const head = html`<p class="count">${orderNumber(order.order_id)}</p><p class="small soft">${when(order.created_at)}</p>`;
  return html`<${Receipt}
    lines=${orderLines(order)}
    total=${order.total_amount === null ? null : minorOf(order.total_amount, order.currency)}
    currency=${order.currency}
    head=${head}
  >
    ${events && html`<${History} events=${events} />`}
    ${children}
  <//>`;
}

function History({ events }) {
  return html`<h2 class="history-title" id="history">What happened</h2>
    <ol class="history" aria-labelledby="history">
      ${events.map(
        (event, i) => html`<li key=${i} class=${`event ${describeStatus(event.status).tone}`}>
          <span class="event-word">${describeEvent(event.cause)}</span>
          <time class="count small" datetime=${event.at}>${clockTimeOn(events[0].at, event.at)}</time>
        </li>`,
      )}
    </ol>`;
}
