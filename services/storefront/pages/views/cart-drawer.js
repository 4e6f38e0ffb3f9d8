// The cart, as a drawer over the page.

import { money } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { CartLines, CartWarnings, useCartLines } from "../components/cart-lines.js";
import { EmptyState, ErrorNote, Notices } from "../components/notices.js";
import { cart, cartError, cartTotal, loadCart } from "../state/cart.js";
import { closeCart } from "../state/router.js";

export function CartDrawer() {
  const dialog = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    const opener =
      before && before !== document.body ? before : document.querySelector(".cart-button");
    const drawer = dialog.current;
    drawer.showModal();
    loadCart();
    return () => {
      drawer.close(); // nothing behind an open one takes the focus
      opener?.focus({ preventScroll: true });
    };
  }, []);
  const clicked = (event) => event.target === dialog.current && closeCart();
  return html`<dialog ref=${dialog} class="drawer" aria-labelledby="cart-title" onClick=${clicked} onClose=${closeCart}>
    <div class="drawer-sheet">
      <div class="drawer-head">
        <h2 id="cart-title" tabindex="-1" autofocus>Your cart</h2>
        <button class="close" type="button" aria-label="Close the cart" onClick=${closeCart}>
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M5 5l14 14M19 5 5 19" /></svg>
        </button>
      </div>
      <${CartContents} />
    </div>
    <${Notices} />
  </dialog>`;
}

function CartContents() {
  const value = useStore(cart);
  const error = useStore(cartError);
  const { lines, shortLines, priceChanged } = useCartLines();
  if (value === null) {
    return html`<ul class="lines" aria-busy="true" aria-label="Fetching the cart">
      ${[1, 2].map(
        (i) => html`<li key=${i} class="line placeholder" aria-hidden="true">
          <div class="line-picture"></div>
          <span class="blank"></span>
        </li>`,
      )}
    </ul>`;
  }
  if (lines.length === 0) {
    return html`<${EmptyState} title="Nothing in it yet">
      <p>What you add from the shelves waits here, also if you leave and come back.</p>
      <p><button class="button" type="button" onClick=${closeCart}>Back to the shelves</button></p>
    <//>`;
  }
  return html`<div class="drawer-lines">
      ${error && html`<${ErrorNote} error=${error} />`}
      <${CartLines} lines=${lines} currency=${value.currency} />
      <${CartWarnings} shortLines=${shortLines} priceChanged=${priceChanged} />
    </div>
    <div class="drawer-foot">
      <p class="sum"><span>Total</span><span class="money">${money(cartTotal(value), value.currency)}</span></p>
      <a class="button wide" href="/checkout">Go to the till</a>
    </div>`;
}
