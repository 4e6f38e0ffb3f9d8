// A product on the shelf: picture, price ticket, name, what is left, and the button that takes one.

import { cents, money } from "/shared/format.js";
import { useValue } from "/shared/state.js";
import { html } from "/vendor/preact/standalone.module.js";
import { cart, unitsInCart } from "../flow/cart.js";
import { Picture } from "../pictures/picture.js";
import { stockInWords } from "../words.js";
import { AddButton } from "./add.js";

export function Good({ product }) {
  const held = unitsInCart(useValue(cart), product.id);
  return html`<li class=${`good${product.stock === 0 ? " out" : ""}`}>
    <div class="stand">
      <${Picture} product=${product} />
      <${StockStamp} stock=${product.stock} />
    </div>
    <div class="plank"><${Ticket} product=${product} /></div>
    <h2 class="good-name"><a href=${`/products/${product.id}`}>${product.name}</a></h2>
    <p class="good-stock small">
      ${product.stock > 5 && html`<span class="there">${stockInWords(product.stock).text}</span>`}
      ${held > 0 && html`<span class="held">${held} in your cart</span>`}
    </p>
    <${AddButton} product=${product} />
  </li>`;
}

/** The price, as it hangs from the shelf. */
export function Ticket({ product }) {
  return html`<span class="ticket money"><span class="unseen">Price </span>${money(cents(product.price), product.currency)}</span>`;
}

/** "Only 3 left" or "Sold out"; nothing while there is plenty. */
export function StockStamp({ stock }) {
  if (stock > 5) return null;
  const { text, tone } = stockInWords(stock);
  return html`<span class=${`stamp tilted ${tone}`}>${text}</span>`;
}

/** Where a product will be, as long as it is not known. */
export function GoodToCome() {
  return html`<li class="good to-come" aria-hidden="true">
    <div class="stand"></div>
    <div class="plank"><span class="ticket"></span></div>
    <p class="good-name"><span class="blank"></span></p>
    <p class="good-stock small"><span class="blank short"></span></p>
    <span class="button add"></span>
  </li>`;
}
