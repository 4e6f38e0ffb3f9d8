// This guest's orders: asking for them, cancelling, and following what happens to them.

import { makeState } from "/shared/state.js";
import { useEffect } from "/vendor/preact/standalone.module.js";
import { useAsked } from "./asked.js";
import { call } from "./call.js";
import { outcome } from "./purchase.js";
import { hearTabs, tellTabs } from "./tabs.js";

/** How many orders a list shows at first, and how many more it takes. */
export const PAGE = 20;
const LOOK_EVERY = 3000;
const changes = makeState(0);

hearTabs("orders", () => changes.set(changes.value + 1));
outcome.follow(() => changes.set(changes.value + 1));

/** The newest orders: `data` is `{orders, more}`. */
export function useOrders(most) {
  const asked = useAsked(`orders ${most}`, async (signal) => {
    const { data, headers } = await call("GET", `/orders?limit=${most}`, { signal });
    return { orders: data, more: Boolean(headers.get("Link")) };
  });
  useLookAgain(asked, asked.data?.orders.some(moves));
  return asked;
}

/** One order with its history: `data` is `{order, events}`. */
export function useOrder(orderId) {
  const asked = useAsked(orderId, async (signal) => {
    const path = `/orders/${encodeURIComponent(orderId)}`;
    const [order, events] = await Promise.all([
      call("GET", path, { signal }),
      call("GET", `${path}/events`, { signal }),
    ]);
    return { order: order.data, events: events.data };
  });
  useLookAgain(asked, asked.data && moves(asked.data.order));
  return asked;
}

/** Cancels an order. Throws a Refusal. */
export async function cancelOrder(orderId, key) {
  await call("POST", `/orders/${orderId}/cancel`, { key });
  tellTabs("orders");
  changes.set(changes.value + 1);
}

/** Whether something is still to happen to an order by itself. */
function moves(order) {
  return order.status === "CREATED" || /_DUE$|REQUESTED/.test(order.stock_state);
}

function useLookAgain(asked, moving) {
  useEffect(() => changes.follow(asked.again), [asked.again]);
  useEffect(() => {
    if (!moving) return undefined;
    const timer = setInterval(() => document.hidden || asked.look(), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [moving, asked.look]);
}
