// What the shop sells in: it is the same for good, so this browser keeps what it was told once.
import { createStore } from "/shared/state.js";
import { loadItem, saveItem } from "./storage.js";

/** The code of the shop's currency, or null before any price was told. */
export const currency = createStore(loadItem("currency"));

/** Takes the currency from things with a price, if there are any. */
export function learnCurrency([thing]) {
  if (!thing || thing.currency === currency.value) return;
  saveItem("currency", thing.currency);
  currency.set(thing.currency);
}
