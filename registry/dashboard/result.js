// What came of the operator's word: said at the foot of the page, and to screen readers.

import { html, useEffect } from "/vendor/preact/standalone.module.js";

const SHOWN_MILLISECONDS = 8000;

/** `result` has `words`, and `trouble` if they stay until they are dismissed; or it is null. */
export function Result({ result, dismiss }) {
  useEffect(() => {
    if (!result || result.trouble) return undefined;
    const timer = setTimeout(dismiss, SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [result]);

  return html`<div role="status">
    ${
      result &&
      html`<p class="notice ${result.trouble ? "trouble" : "there"}">
      <span>${result.words}</span>
      <button type="button" class="text-button" onClick=${dismiss}>Close</button>
    </p>`
    }
  </div>`;
}
