// The top of every view: the shop's name, the search, the way to one's orders, the cart.

import { useStore } from "/shared/state.js";
import { html, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { cart } from "../state/cart.js";
import { parseFilters, shelfUrl } from "../state/filters.js";
import { navigate, openCart, route } from "../state/router.js";

const TYPING_PAUSE = 250;

export function Header() {
  const { path } = useStore(route);
  return html`<a class="skip" href="#main" onClick=${skip}>To what is on this page</a>
    <div class="awning" aria-hidden="true"></div>
    <header class="header">
      <div class="bar">
        <a class="brand" href="/">Tuckshop</a>
        <nav class="header-links" aria-label="Your things">
          <a href="/orders" aria-current=${path.startsWith("/orders") ? "page" : undefined}>My orders</a>
          <${CartButton} />
        </nav>
      </div>
      <${Search} />
    </header>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function CartButton() {
  const { cartOpen } = useStore(route);
  const items = useStore(cart)?.items ?? [];
  const units = items.reduce((sum, item) => sum + item.quantity, 0);
  return html`<button
    class="cart-button"
    type="button"
    aria-haspopup="dialog"
    aria-expanded=${cartOpen}
    onClick=${openCart}
  >
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M3 9h18l-2 11H5zM8 9l3-6M16 9l-3-6" />
    </svg>
    <span class="cart-word">Cart</span>${" "}
    <span class="cart-count count" key=${units}>${units}</span>
    <span class="unseen">${units === 1 ? " thing" : " things"}</span>
  </button>`;
}

function Search() {
  const { path, query } = useStore(route);
  const filters = parseFilters(query);
  const searched = path === "/" ? filters.q : "";
  const [text, setText] = useState(searched);
  const timer = useRef(0);
  useEffect(() => setText(searched), [searched, path]);

  const search = (q, replace) => {
    clearTimeout(timer.current);
    const within = path === "/" ? filters : {};
    if (path !== "/" || q.trim() !== searched)
      navigate(shelfUrl({ ...within, q: q.trim() }), { replace });
  };
  const typed = (event) => {
    const q = event.currentTarget.value;
    setText(q);
    clearTimeout(timer.current);
    // While one types on the shelf, it follows; each letter is no place to come back to.
    if (path === "/") timer.current = setTimeout(() => search(q, searched !== ""), TYPING_PAUSE);
  };
  return html`<form
    class="search"
    role="search"
    onSubmit=${(event) => {
      event.preventDefault();
      search(text, false);
    }}
  >
    <input
      class="field"
      type="search"
      name="q"
      maxlength="200"
      autocomplete="off"
      aria-label="Search the shelves"
      placeholder="Search the shelves"
      dir="auto"
      value=${text}
      onInput=${typed}
    />
  </form>`;
}
