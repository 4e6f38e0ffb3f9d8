// What is said to those who listen to the page, and shown to nobody else.
import { makeState } from "/shared/state.js";

/** The latest sentence. */
export const spoken = makeState("");

/** Says a sentence; the same one twice is said twice. */
export function announce(sentence) {
  spoken.set(sentence === spoken.value ? `${sentence} ` : sentence);
}
