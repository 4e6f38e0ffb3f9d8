// A product's own page, whose address can be shared.

import { minorOf, money } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import { html, useState } from "/vendor/preact/standalone.module.js";
import { AddButton } from "../components/add-button.js";
import { CopyLink } from "../components/copy-link.js";
import { ErrorNote } from "../components/notices.js";
import { PriceTag, ProductCard } from "../components/product-card.js";
import { Quantity } from "../components/quantity.js";
import { Picture } from "../pictures/picture.js";
import { cart, unitsInCart } from "../state/cart.js";
import { shelfUrl } from "../state/filters.js";
import { loadProduct, productsById, useProductList } from "../state/products.js";
import { useRouteArrival } from "../state/router.js";
import { useResource } from "../state/use-resource.js";
import { describeStock } from "../texts.js";

const BESIDE = 4;

export function ProductView({ id }) {
  const kept = productsById.value.get(Number(id)) ?? null;
  const { data: product, error } = useResource(id, (signal) => loadProduct(id, signal), kept);
  useRouteArrival(Boolean(product || error), product?.name ?? "");
  if (error) {
    return html`<h1 tabindex="-1">Not on the shelves</h1>
      <${ErrorNote} error=${error}><a class="button" href="/">To the shelves</a><//>`;
  }
  return html`<article class="product">
      <div class=${`stand${product ? "" : " placeholder"}`}>${product && html`<${Picture} product=${product} />`}</div>
      <div class="plank" aria-hidden="true">${product && html`<${PriceTag} product=${product} />`}</div>
      ${product ? html`<${ProductDetails} product=${product} />` : html`<${ProductDetailsPlaceholder} />`}
    </article>
    ${product && html`<${Neighbours} product=${product} />`}`;
}

function ProductDetails({ product }) {
  const [quantity, setQuantity] = useState(1);
  const held = unitsInCart(useStore(cart), product.id);
  const left = Math.max(1, Math.min(product.stock - held, 1000));
  const stock = describeStock(product.stock);
  return html`<div class="about">
    <p class="about-shelf"><a href=${shelfUrl({ category: product.category })} dir="auto">${product.category}</a></p>
    <h1 tabindex="-1" dir="auto">${product.name}</h1>
    <p class="about-price money">${money(minorOf(product.price, product.currency), product.currency)}</p>
    <p><span class=${product.stock > 5 ? "there" : `stamp ${stock.tone}`}>${stock.text}</span></p>
    <p class="about-words" dir="auto">${product.description}</p>
    <div class="about-buy">
      ${
        product.stock > 0 &&
        html`<${Quantity} value=${Math.min(quantity, left)} name=${product.name} most=${left} onChange=${setQuantity} />`
      }
      <${AddButton} product=${product} quantity=${Math.min(quantity, left)} whole />
    </div>
    <p class="product-stock small">${held > 0 && html`<span class="held">${held} in your cart</span>`}</p>
    <p class="about-foot small soft">
      ${product.sku && html`<span>No. ${product.sku}</span>`}
      <${CopyLink} path=${`/products/${product.id}`} name=${product.name} />
    </p>
  </div>`;
}

function ProductDetailsPlaceholder() {
  return html`<div class="about placeholder" aria-hidden="true">
    <h1 tabindex="-1"><span class="blank"></span></h1>
    <p><span class="blank short"></span></p>
    <p><span class="blank"></span><span class="blank"></span></p>
  </div>`;
}

function Neighbours({ product }) {
  const { items } = useProductList(
    new URLSearchParams({ category: product.category }).toString(),
    0,
  );
  const others = items?.filter((item) => item.id !== product.id) ?? [];
  const from = others.findIndex((item) => item.id > product.id);
  const near = [...others.slice(Math.max(from, 0)), ...others].slice(
    0,
    Math.min(BESIDE, others.length),
  );
  if (near.length === 0) return null;
  return html`<section class="beside" aria-labelledby="beside">
    <h2 id="beside">Beside it on the shelf</h2>
    <ul class="shelf">${near.map((item) => html`<${ProductCard} key=${item.id} product=${item} />`)}</ul>
  </section>`;
}
