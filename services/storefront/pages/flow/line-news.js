// What has happened to a line of the cart since it was put in: sold out, fewer left, another price.
import { money } from "/shared/format.js";

/**
 * The news of one line, or null: `{kind, text, take}`. `take` is how many can be had, where that is
 * fewer than wanted. `known` is what the shop told last of each product, `seen` the prices at which
 * the lines were last seen.
 */
export function newsOf(item, known, seen, currency) {
  const product = known.get(item.product_id);
  if (product === null) return { kind: "gone", text: "This is no longer sold.", take: 0 };
  if (product && product.stock === 0) return { kind: "gone", text: "Sold out.", take: 0 };
  if (product && product.stock < item.quantity) {
    return { kind: "few", text: `Only ${product.stock} left.`, take: product.stock };
  }
  if (!item.validated) {
    return {
      kind: "unchecked",
      text: "Not checked yet, as the shelf could not be asked. It is checked before you pay.",
    };
  }
  const before = seen[item.product_id];
  if (item.price !== null && before !== undefined && before !== item.price) {
    const text = `The price has changed: it was ${money(before, currency)}, it is ${money(item.price, currency)} now.`;
    return { kind: "price", text };
  }
  return null;
}

/** `known`, with what a refused order told of the stock. */
export function withAvailable(known, errors) {
  const next = new Map(known);
  for (const { product_id: id, available } of errors) {
    if (available !== undefined) next.set(id, { ...next.get(id), stock: available });
  }
  return next;
}
