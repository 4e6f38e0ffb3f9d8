// What came of the operator's last action: shown at the foot of the page, and read out.

import { html, useEffect } from "/vendor/preact/standalone.module.js";

const SHOWN_MILLISECONDS = 8000;

/** `result` has `text`, and `failed` if it stays until it is dismissed; or it is null. */
export function ActionResult({ result, dismiss }) {
  useEffect(() => {
    if (!result || result.failed) return undefined;
    const timer = setTimeout(dismiss, SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [result]);

  return html`<div role="status">
    ${
      result &&
      html`<p class="notice ${result.failed ? "problem" : "there"}">
      <span>${result.text}</span>
      <button type="button" class="text-button" onClick=${dismiss}>Close</button>
    </p>`
    }
  </div>`;
}
