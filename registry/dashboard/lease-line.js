// An instance's lease: a line that runs out unless a heartbeat renews it.

import { html, useLayoutEffect, useRef } from "/vendor/preact/standalone.module.js";
import { animateCountdown } from "./animation.js";

/** `at` is when the registry said how much is left; unless `live`, nobody knows how much it is. */
export function LeaseLine({ instance, at, live }) {
  const line = useRef();
  const { ttl, expires_in } = instance;
  useLayoutEffect(() => {
    if (!live) return undefined;
    const left = Math.max(0, expires_in - (Date.now() - at) / 1000);
    return animateCountdown(line.current, left / ttl, left);
  }, [at, ttl, expires_in, live]);

  const length = `${Number(ttl.toFixed(1))} s`;
  const text = live ? (expires_in > 0 ? length : "ran out") : "not known";
  return html`<span class="lease ${live ? "" : "unknown"}">
    <span class="lease-place" aria-hidden="true">
      ${live && html`<span class="lease-left" ref=${line}></span>`}
    </span>
    <span class="count small soft">${text}</span>
  </span>`;
}
