// The cart: shown at once as one changes it, sent in order, and the same in every tab.
import { minorOf } from "/shared/format.js";
import { createStore } from "/shared/state.js";
import { call, connectionIssue } from "./call.js";
import { randomId } from "./random-id.js";
import { session } from "./session.js";
import { loadItem, onStorageChange, saveItem } from "./storage.js";
import { onTabMessage, tellOtherTabs } from "./tabs.js";

const EMPTY = { items: [], currency: "USD", version: 0 };

/** `{items, currency, version}`, or null while it is not known. Prices are in the smallest unit. */
export const cart = createStore(session.value ? null : EMPTY);

/** The ApiError that the last change met, or null. */
export const cartError = createStore(null);

/** The price in the smallest unit at which each line was last seen, by product id. */
export const seenPrices = createStore(loadItem("seen") || {});

const pendingQuantities = new Map();
let sending = null;

/** Loads the cart, and keeps it up with the other tabs and after an absence. */
export function watchCart() {
  onTabMessage("cart", (other) => {
    const newer = other.version >= (cart.value?.version ?? 0);
    if (!sending && newer && other.user_id === session.value?.user_id) cart.set(other);
  });
  onStorageChange("seen", (seen) => seenPrices.set(seen || {}));
  // A new guest's cart is empty, and needs no asking; another guest's is another cart.
  session.subscribe(
    () => cart.value?.user_id && cart.value.user_id !== session.value?.user_id && loadCart(),
  );
  // What could not be checked while the way was cut can be now.
  connectionIssue.subscribe(() => connectionIssue.value === null && loadCart());
  document.addEventListener("visibilitychange", () => document.hidden || loadCart());
  loadCart();
}

/** Asks for the cart as it is now. */
export async function loadCart() {
  if (!session.value || sending) return;
  const { data } = await call("GET", (user) => `/cart/${encodeURIComponent(user)}`);
  if (!sending) applyAnswer(data);
}

/** How many units of a product are in the cart. */
export function unitsInCart(value, productId) {
  return value?.items.find((item) => item.product_id === productId)?.quantity ?? 0;
}

/** The cart's total in the smallest unit; a line without a price counts for nothing. */
export function cartTotal(value) {
  return value.items.reduce((sum, item) => sum + (item.price ?? 0) * item.quantity, 0);
}

/** Puts units of a product in. Throws an ApiError. */
export async function addToCart(productId, quantity) {
  const { data } = await call("POST", (user) => `/cart/${encodeURIComponent(user)}/add`, {
    body: { product_id: productId, quantity },
    key: randomId(),
  });
  applyAnswer({ ...data, items: data.cart });
}

/** Makes it this many units; 0 takes the line out. */
export function setQuantity(productId, quantity) {
  pendingQuantities.set(productId, quantity);
  cartError.set(null);
  cart.set({ ...cart.value, items: withPending(cart.value.items) });
  sending ??= sendPending().finally(() => {
    sending = null;
    loadCart();
  });
  return sending;
}

/** The customer has read what the prices are now. */
export function acceptPrices() {
  rememberPrices(cart.value.items, {});
}

async function sendPending() {
  while (pendingQuantities.size > 0) {
    const [productId, quantity] = pendingQuantities.entries().next().value;
    try {
      const { data } = await call(
        "PUT",
        (user) => `/cart/${encodeURIComponent(user)}/items/${productId}`,
        {
          body: { quantity },
        },
      );
      if (pendingQuantities.get(productId) === quantity) pendingQuantities.delete(productId);
      applyAnswer(data);
    } catch (error) {
      pendingQuantities.delete(productId);
      cartError.set(error);
    }
  }
}

/** The items as they will be once everything pending has been sent. */
function withPending(items) {
  return items
    .map((item) => ({ ...item, quantity: pendingQuantities.get(item.product_id) ?? item.quantity }))
    .filter((item) => item.quantity > 0);
}

/** Takes over the cart as the shop has answered it, but for what is still to be sent. */
function applyAnswer({ items: answered, currency, version }) {
  const items = withPending(
    answered.map((item) => ({
      ...item,
      price: item.price === null ? null : minorOf(item.price, currency),
    })),
  );
  const next = { items, currency, version, user_id: session.value?.user_id };
  cart.set(next);
  rememberPrices(items, seenPrices.value);
  tellOtherTabs("cart", next);
}

function rememberPrices(items, before) {
  const priced = items.filter((item) => item.price !== null);
  const seen = Object.fromEntries(
    priced.map((item) => [item.product_id, before[item.product_id] ?? item.price]),
  );
  seenPrices.set(seen);
  saveItem("seen", seen);
}
