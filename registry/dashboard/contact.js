// Whether what the page shows is live, and what it is when it is not.

import { clockTime } from "/shared/format.js";
import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";
import { StateMark } from "./state_mark.js";

/** A registry that restarts is back sooner; nobody needs to be told. */
const SILENT_SECONDS = 2;

/** Seconds without contact, once they are worth a word; else null. Counts while it is shown. */
export function useSilence({ contact, snapshot }) {
  const [now, setNow] = useState(Date.now());
  const waiting = contact === false && snapshot !== null;
  useEffect(() => {
    if (!waiting) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [waiting]);
  const seconds = waiting ? Math.max(0, Math.floor((now - snapshot.at) / 1000)) : 0;
  return seconds >= SILENT_SECONDS ? seconds : null;
}

export function ContactMark({ silence }) {
  return html`<p class="contact ${silence === null ? "there" : "low"}">
    <${StateMark} of=${silence === null ? "up" : "suspect"} />
    ${silence === null ? "Live" : "No contact"}
  </p>`;
}

/** The sentence for the foot of the page while there is no contact. */
export function lostContact(silence, { at }) {
  const since = `No contact with the registry for ${silence} s.`;
  return `${since} What you see is from ${clockTime(at)}. Trying again.`;
}
