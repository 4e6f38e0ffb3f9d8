// Whether the page is in contact with the registry, so that what it shows is live.

import { clockTime } from "/shared/format.js";
import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";
import { StateIcon } from "./state-icon.js";

/** A registry that restarts is back sooner; nobody needs to be told. */
const UNNOTICED_SECONDS = 2;

/** Seconds without contact once they are too many to leave unsaid, else null; counts on. */
export function useSecondsLost({ connected, snapshot }) {
  const [now, setNow] = useState(Date.now());
  const waiting = connected === false && snapshot !== null;
  useEffect(() => {
    if (!waiting) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [waiting]);
  const seconds = waiting ? Math.max(0, Math.floor((now - snapshot.at) / 1000)) : 0;
  return seconds >= UNNOTICED_SECONDS ? seconds : null;
}

export function ConnectionStatus({ secondsLost }) {
  return html`<p class="contact ${secondsLost === null ? "there" : "low"}">
    <${StateIcon} of=${secondsLost === null ? "up" : "suspect"} />
    ${secondsLost === null ? "Live" : "No contact"}
  </p>`;
}

/** The sentence for the foot of the page while there is no contact. */
export function connectionLostText(secondsLost, { at }) {
  const since = `No contact with the registry for ${secondsLost} s.`;
  return `${since} What you see is from ${clockTime(at)}. Trying again.`;
}
