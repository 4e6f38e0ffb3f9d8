// The lines of the cart, and what has happened to them since they were put in.

import { money } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import { html, useEffect } from "/vendor/preact/standalone.module.js";
import { Picture } from "../pictures/picture.js";
import { announce } from "../state/announce.js";
import { acceptPrices, cart, loadCart, seenPrices, setQuantity } from "../state/cart.js";
import { lineWarning } from "../state/line-warnings.js";
import { productsById, refreshStock } from "../state/products.js";
import { Quantity } from "./quantity.js";

/** The cart's lines, each with its warning (or null), and what is to be done about them. */
export function useCartLines() {
  const value = useStore(cart);
  const products = useStore(productsById);
  const seen = useStore(seenPrices);
  const ids = value?.items.map((item) => item.product_id).join() ?? "";
  useEffect(() => {
    const ending = new AbortController();
    const check = async () => {
      await refreshStock(ids.split(",").map(Number), ending.signal);
      // The shelf answers, so that the cart can be told now what it does not know yet.
      const unknown = (item) =>
        !item.validated || (!item.gone && productsById.value.get(item.product_id) === null);
      if (cart.value.items.some(unknown)) await loadCart();
    };
    // Without an answer the lines are shown as they are; the till looks again.
    if (ids) check().catch(() => {});
    return () => ending.abort();
  }, [ids]);
  const lines = (value?.items ?? []).map((item) => ({
    item,
    product: products.get(item.product_id),
    warning: lineWarning(item, products, seen, value.currency),
  }));
  return {
    lines,
    shortLines: lines.filter(({ warning }) => warning?.available !== undefined),
    priceChanged: lines.some(({ warning }) => warning?.kind === "price"),
  };
}

/** Makes every line no more than can be had. */
export function reduceToStock(shortLines) {
  for (const { item, warning } of shortLines) setQuantity(item.product_id, warning.available);
  announce("The cart holds what is there.");
}

export function CartLines({ lines, currency }) {
  return html`<ul class="lines">
    ${lines.map((line) => html`<${CartLine} key=${line.item.product_id} line=${line} currency=${currency} />`)}
  </ul>`;
}

function CartLine({ line: { item, product, warning }, currency }) {
  const name = item.name ?? `Product ${item.product_id}`;
  const set = (quantity) => {
    setQuantity(item.product_id, quantity);
    announce(quantity ? `${quantity} of ${name}.` : `${name} is out of the cart.`);
  };
  const cannotBeHad = warning?.available === 0;
  return html`<li class=${`line${cannotBeHad ? " gone" : ""}`}>
    <div class="line-picture">
      <${Picture} product=${product ?? { id: item.product_id, name, category: "", description: "" }} />
    </div>
    <div class="line-name"><a href=${`/products/${item.product_id}`} dir="auto">${name}</a>
      <p class="small soft money">${eachPrice(item, currency)}</p>
    </div>
    <p class="line-total money">${item.price === null ? "–" : money(item.price * item.quantity, currency)}</p>
    <div class="line-change">
      <${Quantity} value=${item.quantity} name=${name} most=${cannotBeHad ? item.quantity : undefined} onChange=${set} />
      <button class="text-button small" type="button" aria-label=${`Remove ${name}`} onClick=${() => set(0)}>Remove</button>
    </div>
    ${
      warning &&
      html`<p class=${`line-warning small ${warning.kind}`}>${warning.text}${" "}
      ${
        warning.available > 0 &&
        html`<button class="text-button" type="button" onClick=${() => set(warning.available)}>Take ${warning.available}</button>`
      }
    </p>`
    }
  </li>`;
}

function eachPrice({ gone, price }, currency) {
  if (gone) return "";
  return price === null ? "No price yet" : `${money(price, currency)} each`;
}

/** What has to be settled before the till: what is gone, too little left, another price. */
export function CartWarnings({ shortLines, priceChanged }) {
  if (shortLines.length === 0 && !priceChanged) return null;
  const goneLines = shortLines.filter(({ warning }) => warning.kind === "gone");
  return html`<div class="note" role="status">
    ${goneLines.map(
      ({ item }) => html`<p key=${item.product_id}>
        <bdi>${item.name ?? `Product ${item.product_id}`}</bdi> is no longer sold. It is not in the total, and cannot be ordered.
      </p>`,
    )}
    ${
      shortLines.length > goneLines.length &&
      html`<p>Since you put them in, some things ran low or sold out. They are marked above.</p>`
    }
    ${
      shortLines.length > 0 &&
      html`<div class="actions">
        <button class="button quiet" type="button" onClick=${() => reduceToStock(shortLines)}>
          ${takeWords(shortLines)}
        </button>
      </div>`
    }
    ${
      priceChanged &&
      html`<p>Some prices have changed. The total is the one of now.</p>
      <div class="actions"><button class="button quiet" type="button" onClick=${acceptPrices}>All right</button></div>`
    }
  </div>`;
}

/** What the button says that makes every line no more than can be had. */
export function takeWords(shortLines) {
  if (shortLines.some(({ warning }) => warning.available > 0)) return "Take what is there";
  return shortLines.length === 1 ? "Take it out" : "Take them out";
}
