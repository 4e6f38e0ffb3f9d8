// This guest's orders: asking for them, cancelling, and following what happens to them.

import { createStore } from "/shared/state.js";
import { useEffect } from "/vendor/preact/standalone.module.js";
import { call, callList } from "./call.js";
import { outcome } from "./purchase.js";
import { onTabMessage, tellOtherTabs } from "./tabs.js";
import { useResource } from "./use-resource.js";

/** How many orders a list shows at first, and how many more it takes. */
export const PAGE_SIZE = 20;
const POLL_MILLISECONDS = 3000;
const orderChanges = createStore(0);

onTabMessage("orders", () => orderChanges.set(orderChanges.value + 1));
outcome.subscribe(() => orderChanges.set(orderChanges.value + 1));

/** The newest orders: `data` is `{orders, more}`. */
export function useOrders(limit) {
  const orders = useResource(`orders ${limit}`, async (signal) => {
    const { items, after } = await callList("/orders", limit, signal);
    return { orders: items, more: after !== null };
  });
  usePolling(orders, orders.data?.orders.some(isChanging));
  return orders;
}

/** One order with its history: `data` is `{order, events}`. */
export function useOrder(orderId) {
  const order = useResource(orderId, async (signal) => {
    const path = `/orders/${encodeURIComponent(orderId)}`;
    const [found, events] = await Promise.all([
      call("GET", path, { signal }),
      call("GET", `${path}/events`, { signal }),
    ]);
    return { order: found.data, events: events.data };
  });
  usePolling(order, order.data && isChanging(order.data.order));
  return order;
}

/** Cancels an order. Throws an ApiError. */
export async function cancelOrder(orderId, key) {
  await call("POST", `/orders/${orderId}/cancel`, { key });
  tellOtherTabs("orders");
  orderChanges.set(orderChanges.value + 1);
}

/** Whether something is still to happen to an order by itself. */
function isChanging(order) {
  return order.status === "CREATED" || /_DUE$|REQUESTED/.test(order.stock_state);
}

function usePolling({ reload, reloadIfIdle }, changing) {
  useEffect(() => orderChanges.subscribe(reload), [reload]);
  useEffect(() => {
    if (!changing) return undefined;
    const timer = setInterval(() => document.hidden || reloadIfIdle(), POLL_MILLISECONDS);
    return () => clearInterval(timer);
  }, [changing, reloadIfIdle]);
}
