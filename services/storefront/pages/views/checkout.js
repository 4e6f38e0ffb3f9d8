// The till: what is bought, for how much, and the one press that orders and pays it.

import { money } from "/shared/format.js";
import { useValue } from "/shared/state.js";
import { html, useEffect, useLayoutEffect, useRef } from "/vendor/preact/standalone.module.js";
import { acceptPrices, cart, loadCart, totalOf } from "../flow/cart.js";
import { known } from "../flow/goods.js";
import { withAvailable } from "../flow/line-news.js";
import { go, useArrival } from "../flow/place.js";
import { buyCart, outcome, purchase, useOutcome } from "../flow/purchase.js";
import { CartNews, takeWhatIsThere, useCartNews } from "../parts/cart-lines.js";
import { Nothing, RefusalNote } from "../parts/notices.js";
import { PurchaseSteps } from "../parts/purchase-steps.js";
import { Receipt, ReceiptToCome } from "../parts/receipt.js";

export function CheckoutView() {
  const value = useValue(cart);
  const step = useValue(purchase);
  const ended = useOutcome();
  const news = useCartNews();
  const lastShown = useRef(null);
  useArrival(value !== null || step !== null, "The till");
  useEffect(() => {
    loadCart();
    return () => outcome.set(null);
  }, []);
  useLayoutEffect(() => {
    if (ended?.paid) go(`/orders/${ended.order_id}/thanks`, { replace: true });
    if (ended?.error) known.set(withAvailable(known.value, ended.error.errors));
  }, [ended]);

  // The cart empties as soon as it has become an order; the receipt stays until all is said.
  const settled = value !== null && step === null;
  if (settled && value.items.length) lastShown.current = { value, lines: news.lines };
  const shown = step ? lastShown.current : settled && value.items.length ? lastShown.current : null;
  return html`<div class="column">
    <h1 tabindex="-1">The till</h1>
    ${ended?.error && html`<${Refused} ended=${ended} short=${news.short} />`}
    ${
      shown &&
      html`<${Receipt}
      lines=${shown.lines.map(receiptLine)}
      total=${totalOf(shown.value)}
      currency=${shown.value.currency}
    />`
    }
    ${
      step
        ? html`<${PurchaseSteps} step=${step} />`
        : shown
          ? html`${!ended?.error && html`<${CartNews} short=${news.short} />`}<${Buy} value=${value} short=${news.short} />`
          : value === null
            ? html`<${ReceiptToCome} />`
            : !ended && html`<${EmptyTill} />`
    }
  </div>`;
}

function Buy({ value, short }) {
  const total = totalOf(value);
  const buy = () => {
    acceptPrices();
    buyCart(total);
  };
  return html`<div class="pay">
    ${
      short.length === 0 &&
      html`<button class="button wide" type="button" onClick=${buy}>
      Order and pay ${money(total, value.currency)}
    </button>`
    }
    <p class="small soft">You pay exactly this amount or nothing at all. No card details are asked for.</p>
    <p><a href="/">Go on looking</a></p>
  </div>`;
}

function Refused({ ended: { error, order_id: orderId, stage }, short }) {
  const take = () => {
    takeWhatIsThere(short);
    outcome.set(null);
  };
  const toOrder = orderId && (stage === "pay" || error.code === "ordered_before");
  return html`<${RefusalNote} error=${error}>
    ${short.length > 0 && html`<button class="button quiet" type="button" onClick=${take}>Take what is there</button>`}
    ${toOrder && html`<a class="button quiet" href=${`/orders/${orderId}`}>See the order</a>`}
    ${
      error.code === "cart_empty" &&
      html`<a class="button quiet" href="/orders">My orders</a>
      <a class="button quiet" href="/">To the shelves</a>`
    }
  <//>`;
}

function EmptyTill() {
  return html`<${Nothing} title="Your cart is empty">
    <p>There is nothing to pay. What you ordered before is among your orders.</p>
    <p class="actions"><a class="button" href="/">To the shelves</a><a class="button quiet" href="/orders">My orders</a></p>
  <//>`;
}

function receiptLine({ item, news }) {
  const { product_id: key, quantity, price } = item;
  return { key, name: item.name ?? `Product ${key}`, quantity, price, note: news?.text };
}
