// How long an order may still be paid.

import { serverNow } from "/shared/api.js";
import { minutesLeft } from "/shared/format.js";
import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";

export function TimeLeft({ until }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = (Date.parse(until) - serverNow()) / 1000;
  if (seconds <= 0) return html`<span class="time-left">Its time to pay is over.</span>`;
  return html`<span class="time-left"><span class="count" role="timer">${minutesLeft(seconds)}</span> left to pay</span>`;
}
