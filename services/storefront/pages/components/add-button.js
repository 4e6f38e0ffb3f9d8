// The button that puts a product into the cart, and says what came of it.

import { ApiError } from "/shared/api.js";
import { useStore } from "/shared/state.js";
import { html, useRef, useState } from "/vendor/preact/standalone.module.js";
import { announce } from "../state/announce.js";
import { addToCart, cart, unitsInCart } from "../state/cart.js";
import { describeError } from "../texts.js";

/** `quantity` is how many are put in at once; the `whole` button stands where it is clear of what. */
export function AddButton({ product, quantity = 1, whole = false }) {
  const held = unitsInCart(useStore(cart), product.id);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState("");
  const adding = useRef(false);
  if (product.stock === 0)
    return html`<button class="button add" type="button" disabled>
      Sold out<span class="unseen">: <bdi>${product.name}</bdi></span>
    </button>`;
  const all = held + quantity > product.stock;

  const add = async () => {
    if (adding.current || all) return;
    adding.current = true;
    setBusy(true);
    setRefused("");
    try {
      await addToCart(product.id, quantity);
      announce(
        `${product.name} is in your cart. ${unitsInCart(cart.value, product.id)} of it now.`,
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { title, text } = describeError(error);
      setRefused(`${title}. ${text}`);
    } finally {
      adding.current = false;
      setBusy(false);
    }
  };
  return html`<button
      class="button add"
      type="button"
      aria-disabled=${all || busy ? "true" : undefined}
      onClick=${add}
    >
      ${busy ? "Adding…" : all ? "That is all" : whole ? "Add to cart" : "Add"}
      ${!whole && html`<span class="unseen">${" "}${all ? `of ${product.name}` : `${product.name} to cart`}</span>`}
    </button>
    ${refused && html`<p class="refused small" role="alert">${refused}</p>`}`;
}
