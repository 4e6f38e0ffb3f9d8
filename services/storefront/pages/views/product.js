// A product's own page, whose address can be shared.

import { cents, money } from "/shared/format.js";
import { useValue } from "/shared/state.js";
import { html, useState } from "/vendor/preact/standalone.module.js";
import { announce } from "../flow/announce.js";
import { useAsked } from "../flow/asked.js";
import { cart, unitsInCart } from "../flow/cart.js";
import { shelfAddress } from "../flow/filters.js";
import { known, learnProduct, useGoods } from "../flow/goods.js";
import { useArrival } from "../flow/place.js";
import { AddButton } from "../parts/add.js";
import { Good, Ticket } from "../parts/good.js";
import { RefusalNote } from "../parts/notices.js";
import { Quantity } from "../parts/quantity.js";
import { Picture } from "../pictures/picture.js";
import { stockInWords } from "../words.js";

const BESIDE = 4;

export function ProductView({ id }) {
  const kept = known.value.get(Number(id)) ?? null;
  const { data: product, error } = useAsked(id, (signal) => learnProduct(id, signal), kept);
  useArrival(Boolean(product || error), product?.name ?? "");
  if (error) {
    return html`<h1 tabindex="-1">Not on the shelves</h1>
      <${RefusalNote} error=${error}><a class="button" href="/">To the shelves</a><//>`;
  }
  return html`<article class="product">
      <div class=${`stand${product ? "" : " to-come"}`}>${product && html`<${Picture} product=${product} />`}</div>
      <div class="plank" aria-hidden="true">${product && html`<${Ticket} product=${product} />`}</div>
      ${product ? html`<${About} product=${product} />` : html`<${AboutToCome} />`}
    </article>
    ${product && html`<${Beside} product=${product} />`}`;
}

function About({ product }) {
  const [quantity, setQuantity] = useState(1);
  const held = unitsInCart(useValue(cart), product.id);
  const left = Math.max(1, Math.min(product.stock - held, 1000));
  const stock = stockInWords(product.stock);
  return html`<div class="about">
    <p class="about-shelf"><a href=${shelfAddress({ category: product.category })}>${product.category}</a></p>
    <h1 tabindex="-1">${product.name}</h1>
    <p class="about-price money">${money(cents(product.price), product.currency)}</p>
    <p><span class=${product.stock > 5 ? "there" : `stamp ${stock.tone}`}>${stock.text}</span></p>
    <p class="about-words">${product.description}</p>
    <div class="about-buy">
      ${
        product.stock > 0 &&
        html`<${Quantity} value=${Math.min(quantity, left)} name=${product.name} most=${left} onChange=${setQuantity} />`
      }
      <${AddButton} product=${product} quantity=${Math.min(quantity, left)} whole />
    </div>
    <p class="good-stock small">${held > 0 && html`<span class="held">${held} in your cart</span>`}</p>
    <p class="about-foot small soft">
      ${product.sku && html`<span>No. ${product.sku}</span>`}
      <${ShareLink} name=${product.name} />
    </p>
  </div>`;
}

function AboutToCome() {
  return html`<div class="about to-come" aria-hidden="true">
    <h1 tabindex="-1"><span class="blank"></span></h1>
    <p><span class="blank short"></span></p>
    <p><span class="blank"></span><span class="blank"></span></p>
  </div>`;
}

function ShareLink({ name }) {
  const [copied, setCopied] = useState(false);
  const share = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied(true);
      announce(`The link to ${name} is copied.`);
    } catch {
      window.prompt("The link to this page:", location.href);
    }
  };
  return html`<button class="text-button" type="button" onClick=${share}>${copied ? "Link copied" : "Copy the link"}</button>`;
}

function Beside({ product }) {
  const { items } = useGoods(new URLSearchParams({ category: product.category }).toString(), 0);
  const others = items?.filter((item) => item.id !== product.id) ?? [];
  const from = others.findIndex((item) => item.id > product.id);
  const near = [...others.slice(Math.max(from, 0)), ...others].slice(
    0,
    Math.min(BESIDE, others.length),
  );
  if (near.length === 0) return null;
  return html`<section class="beside" aria-labelledby="beside">
    <h2 id="beside">Beside it on the shelf</h2>
    <ul class="shelf">${near.map((item) => html`<${Good} key=${item.id} product=${item} />`)}</ul>
  </section>`;
}
