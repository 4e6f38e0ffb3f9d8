// My orders: every one with its amount and how it stands, newest first.

import { counted, minorOf, money, when } from "/shared/format.js";
import { html, useState } from "/vendor/preact/standalone.module.js";
import { EmptyState, ErrorNote } from "../components/notices.js";
import { orderNumber, StatusStamp } from "../components/order-receipt.js";
import { TimeLeft } from "../components/time-left.js";
import { PAGE_SIZE, useOrders } from "../state/orders.js";
import { useRouteArrival } from "../state/router.js";

export function OrdersView() {
  const [limit, setLimit] = useState(PAGE_SIZE);
  const { data, error, reload } = useOrders(limit);
  useRouteArrival(Boolean(data || error), "My orders");
  return html`<div class="column roomy">
    <h1 tabindex="-1">My orders</h1>
    ${error && html`<${ErrorNote} error=${error}><button class="button" type="button" onClick=${reload}>Try again</button><//>`}
    ${!data && !error && html`<${OrdersPlaceholder} />`}
    ${
      data?.orders.length === 0 &&
      html`<${EmptyState} title="No orders yet">
      <p>Every order you make in this browser is kept here, with its receipt.</p>
      <p><a class="button" href="/">To the shelves</a></p>
    <//>`
    }
    ${
      data &&
      html`<ul class="orders">
      ${data.orders.map((order) => html`<${Entry} key=${order.order_id} order=${order} />`)}
    </ul>`
    }
    ${
      data?.more &&
      html`<p class="more">
        <button class="button quiet" type="button" onClick=${() => setLimit(limit + PAGE_SIZE)}>Older orders</button>
      </p>`
    }
  </div>`;
}

function Entry({ order }) {
  const names = order.items.map((item) => item.name ?? `Product ${item.product_id}`);
  const shown = names.length > 3 ? names.slice(0, 2) : names;
  const rest = names.length - shown.length;
  const what = shown.map((name, i) => html`${i > 0 && ", "}<bdi key=${i}>${name}</bdi>`);
  return html`<li class="entry">
    <h2 class="entry-name"><a href=${`/orders/${order.order_id}`}>${what}${rest > 0 && ` and ${counted(rest, "more", "more")}`}</a></h2>
    <p class="entry-when small soft"><span class="count">${orderNumber(order.order_id)}</span> · ${when(order.created_at)}</p>
    <p class="entry-status">
      <${StatusStamp} status=${order.status} />
      ${order.status === "CREATED" && html`${" "}<span class="small"><${TimeLeft} until=${order.expires_at} /></span>`}
    </p>
    <p class="entry-total money">${order.total_amount === null ? "–" : money(minorOf(order.total_amount, order.currency), order.currency)}</p>
  </li>`;
}

function OrdersPlaceholder() {
  return html`<ul class="orders" aria-busy="true" aria-label="Fetching your orders">
    ${[1, 2, 3].map(
      (i) => html`<li key=${i} class="entry placeholder" aria-hidden="true">
        <span class="blank"></span><span class="blank short"></span>
      </li>`,
    )}
  </ul>`;
}
