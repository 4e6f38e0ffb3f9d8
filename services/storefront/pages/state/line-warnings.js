// What has happened to a line of the cart since it was put in: gone, sold out, fewer left, another price.
import { money } from "/shared/format.js";

/**
 * The warning for one line, or null: `{kind, text, available}`. `available` is how many can be had,
 * where that is fewer than wanted. `products` is what the shop told last of each product, by id;
 * `seenPrices` the prices in the smallest unit at which the lines were last seen.
 */
export function lineWarning(item, products, seenPrices, currency) {
  const product = products.get(item.product_id);
  if (item.gone || product === null) {
    return { kind: "gone", text: "This is no longer sold.", available: 0 };
  }
  if (product && product.stock === 0) return { kind: "out", text: "Sold out.", available: 0 };
  if (product && product.stock < item.quantity) {
    return { kind: "few", text: `Only ${product.stock} left.`, available: product.stock };
  }
  if (!item.validated) {
    return {
      kind: "unchecked",
      text: "Not checked yet, as the shelf could not be asked. It is checked before you pay.",
    };
  }
  const before = seenPrices[item.product_id];
  if (item.price !== null && before !== undefined && before !== item.price) {
    const text = `The price has changed: it was ${money(before, currency)}, it is ${money(item.price, currency)} now.`;
    return { kind: "price", text };
  }
  return null;
}

/** `products`, with what the refusal of an order told of the stock. */
export function withAvailableStock(products, errors) {
  const next = new Map(products);
  for (const { product_id: id, available } of errors) {
    if (available !== undefined) next.set(id, { ...next.get(id), stock: available });
  }
  return next;
}
