// A product on the shelf: picture, price ticket, name, what is left, and the button that takes one.

import { minorOf, money } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import { html } from "/vendor/preact/standalone.module.js";
import { Picture } from "../pictures/picture.js";
import { cart, unitsInCart } from "../state/cart.js";
import { describeStock } from "../texts.js";
import { AddButton } from "./add-button.js";

export function ProductCard({ product }) {
  const held = unitsInCart(useStore(cart), product.id);
  return html`<li class=${`product-card${product.stock === 0 ? " out" : ""}`}>
    <div class="stand">
      <${Picture} product=${product} />
      <${StockStamp} stock=${product.stock} />
    </div>
    <div class="plank"><${PriceTag} product=${product} /></div>
    <h2 class="product-name"><a href=${`/products/${product.id}`} dir="auto">${product.name}</a></h2>
    <p class="product-stock small">
      ${product.stock > 5 && html`<span class="there">${describeStock(product.stock).text}</span>`}
      ${held > 0 && html`<span class="held">${held} in your cart</span>`}
    </p>
    <${AddButton} product=${product} />
  </li>`;
}

const LONG_PRICE = 12; // letters that a ticket has room for on the narrowest of screens

/** The price, as it hangs from the shelf. */
export function PriceTag({ product }) {
  const price = money(minorOf(product.price, product.currency), product.currency);
  const size = price.length > LONG_PRICE ? " long" : "";
  return html`<span class=${`price-tag money${size}`}><span class="unseen">Price </span>${price}</span>`;
}

/** "Only 3 left" or "Sold out"; nothing while there is plenty. */
export function StockStamp({ stock }) {
  if (stock > 5) return null;
  const { text, tone } = describeStock(stock);
  return html`<span class=${`stamp tilted ${tone}`}>${text}</span>`;
}

/** Where a product will be, as long as it is not known. */
export function ProductCardPlaceholder() {
  return html`<li class="product-card placeholder" aria-hidden="true">
    <div class="stand"></div>
    <div class="plank"><span class="price-tag"></span></div>
    <p class="product-name"><span class="blank"></span></p>
    <p class="product-stock small"><span class="blank short"></span></p>
    <span class="button add"></span>
  </li>`;
}
