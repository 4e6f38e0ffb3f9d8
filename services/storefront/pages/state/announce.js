// What the page says to those who use a screen reader, and shows to nobody else.
import { createStore } from "/shared/state.js";

/** The latest sentence. */
export const announcement = createStore("");

/** Says a sentence; a space at its end makes the same sentence a new one, which is read out again. */
export function announce(sentence) {
  announcement.set(sentence === announcement.value ? `${sentence} ` : sentence);
}
