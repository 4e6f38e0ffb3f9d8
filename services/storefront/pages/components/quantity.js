// How many: fewer, a number, more.
import { html } from "/vendor/preact/standalone.module.js";

/** `onChange` is called with a whole number from `least` to `most`. */
export function Quantity({ value, name, least = 1, most = 1000, onChange }) {
  const set = (number) => {
    const whole = Math.round(number);
    if (Number.isFinite(whole)) onChange(Math.min(Math.max(whole, least), most));
  };
  const typed = (event) => {
    const text = event.currentTarget.value.trim();
    if (/^\d{1,4}$/.test(text)) set(Number(text));
    else event.currentTarget.value = value;
  };
  return html`<div class="quantity" role="group" aria-label=${`Quantity of ${name}`}>
    <button type="button" aria-label=${`One fewer ${name}`} disabled=${value <= least} onClick=${() => set(value - 1)}>−</button>
    <input class="count" inputmode="numeric" maxlength="4" aria-label=${`Quantity of ${name}`} value=${value} onChange=${typed} />
    <button type="button" aria-label=${`One more ${name}`} disabled=${value >= most} onClick=${() => set(value + 1)}>+</button>
  </div>`;
}
