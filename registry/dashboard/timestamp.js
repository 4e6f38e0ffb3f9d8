// A time of day, with its day where that is not today.

import { clockTime } from "/shared/format.js";
import { html } from "/vendor/preact/standalone.module.js";

const dayOf = new Intl.DateTimeFormat("en", { day: "numeric", month: "long" });

/** "Today", "Yesterday" or the day, in words. */
export function day(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const then = new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight - then) / 86_400_000);
  return ["Today", "Yesterday"][days] ?? dayOf.format(then);
}

export function Timestamp({ at, timeOnly = false }) {
  const other = timeOnly || day(at) === "Today" ? null : html`<span class="day">${day(at)}</span> `;
  return html`<time class="timestamp" datetime=${at}>${other}${clockTime(at)}</time>`;
}
