// The till: what is bought, for how much, and the one press that orders and pays it.

import { money } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import { html, useEffect, useLayoutEffect, useRef } from "/vendor/preact/standalone.module.js";
import { CartWarnings, reduceToStock, takeWords, useCartLines } from "../components/cart-lines.js";
import { EmptyState, ErrorNote } from "../components/notices.js";
import { PurchaseSteps } from "../components/purchase-steps.js";
import { Receipt, ReceiptPlaceholder } from "../components/receipt.js";
import { acceptPrices, cart, cartTotal, loadCart } from "../state/cart.js";
import { withAvailableStock } from "../state/line-warnings.js";
import { productsById } from "../state/products.js";
import { buyCart, outcome, purchase, useOutcome } from "../state/purchase.js";
import { navigate, useRouteArrival } from "../state/router.js";

export function CheckoutView() {
  const value = useStore(cart);
  const step = useStore(purchase);
  const ended = useOutcome();
  const { lines, shortLines } = useCartLines();
  const lastShown = useRef(null);
  useRouteArrival(value !== null || step !== null, "The till");
  useEffect(() => {
    loadCart();
    return () => outcome.set(null);
  }, []);
  useLayoutEffect(() => {
    if (ended?.paid) navigate(`/orders/${ended.order_id}/thanks`, { replace: true });
    if (ended?.error) {
      productsById.set(withAvailableStock(productsById.value, ended.error.errors));
    }
  }, [ended]);

  const canBuy = step === null && value !== null && value.items.length > 0;
  // The cart empties as soon as it has become an order; the receipt stays until all is said.
  if (canBuy) lastShown.current = { value, lines };
  const shown = step || canBuy ? lastShown.current : null;
  return html`<div class="column">
    <h1 tabindex="-1">The till</h1>
    ${ended?.error && html`<${Refused} ended=${ended} shortLines=${shortLines} />`}
    ${shown && html`<${CartReceipt} value=${shown.value} lines=${shown.lines} />`}
    ${step && html`<${PurchaseSteps} step=${step} />`}
    ${canBuy && !ended?.error && html`<${CartWarnings} shortLines=${shortLines} />`}
    ${canBuy && html`<${Buy} value=${value} shortLines=${shortLines} />`}
    ${!step && value === null && html`<${ReceiptPlaceholder} />`}
    ${!step && value?.items.length === 0 && !ended && html`<${EmptyTill} />`}
  </div>`;
}

function CartReceipt({ value, lines }) {
  return html`<${Receipt}
    lines=${lines.map(receiptLine)}
    total=${cartTotal(value)}
    currency=${value.currency}
  />`;
}

function Buy({ value, shortLines }) {
  const total = cartTotal(value);
  const buy = () => {
    acceptPrices();
    buyCart(total, value.currency);
  };
  return html`<div class="pay">
    ${
      shortLines.length === 0 &&
      html`<button class="button wide" type="button" onClick=${buy}>
        Order and pay ${money(total, value.currency)}
      </button>
      <p class="small soft">You pay exactly this amount or nothing at all. No card details are asked for.</p>`
    }
    <p><a href="/">Go on looking</a></p>
  </div>`;
}

function Refused({ ended: { error, order_id: orderId, stage }, shortLines }) {
  const take = () => {
    reduceToStock(shortLines);
    outcome.set(null);
  };
  const toOrder = orderId && (stage === "pay" || error.code === "ordered_before");
  return html`<${ErrorNote} error=${error}>
    ${shortLines.length > 0 && html`<button class="button quiet" type="button" onClick=${take}>${takeWords(shortLines)}</button>`}
    ${toOrder && html`<a class="button quiet" href=${`/orders/${orderId}`}>See the order</a>`}
    ${SEE_ORDERS.includes(error.code) && html`<a class="button quiet" href="/orders">My orders</a>`}
    ${error.code === "cart_empty" && html`<a class="button quiet" href="/">To the shelves</a>`}
  <//>`;
}

/** What one's own orders explain. */
const SEE_ORDERS = ["cart_empty", "too_many_unpaid_orders", "too_many_unpaid_units"];

function EmptyTill() {
  return html`<${EmptyState} title="Your cart is empty">
    <p>There is nothing to pay. What you ordered before is among your orders.</p>
    <p class="actions"><a class="button" href="/">To the shelves</a><a class="button quiet" href="/orders">My orders</a></p>
  <//>`;
}

function receiptLine({ item, warning }) {
  const { product_id: key, quantity, price } = item;
  return { key, name: item.name ?? `Product ${key}`, quantity, price, note: warning?.text };
}
