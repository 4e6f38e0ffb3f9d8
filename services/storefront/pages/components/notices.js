// What has come between: lost contact with a countdown, a refusal, an empty place; and what is said
// to those who listen.

import { useStore } from "/shared/state.js";
import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";
import { announce, announcement } from "../state/announce.js";
import { connectionIssue } from "../state/call.js";
import { sessionWasReplaced } from "../state/session.js";
import { describeConnectionIssue, describeError } from "../texts.js";

/** The live region, and the strip about lost contact. They stand in whatever is on top. */
export function Notices() {
  return html`<p class="unseen" role="status">${useStore(announcement)}</p>
    <${ConnectionStrip} /><${NewSessionStrip} />`;
}

function ConnectionStrip() {
  const now = useStore(connectionIssue);
  const [, tick] = useState(0);
  useEffect(() => {
    if (!now) return undefined;
    const timer = setInterval(() => tick((n) => n + 1), 250);
    return () => {
      clearInterval(timer);
      if (!connectionIssue.value) announce("The shop answers again.");
    };
  }, [Boolean(now)]);
  if (!now) return html`<div class="strip-place" role="status"></div>`;
  const seconds = Math.max(0, Math.ceil((now.retryAt - Date.now()) / 1000));
  return html`<div class="strip-place" role="status">
    <div class="strip">
      <p>
        ${describeConnectionIssue(now)}${" "}
        <span class="count" aria-hidden="true"
          >${seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again now."}</span
        >
      </p>
      <button class="button quiet" type="button" onClick=${now.retryNow}>Try now</button>
    </div>
  </div>`;
}

function NewSessionStrip() {
  if (!useStore(sessionWasReplaced)) return null;
  return html`<div class="strip-place" role="status">
    <div class="strip">
      <p>You were away for so long that your visit has begun afresh, with an empty cart.</p>
      <button class="button quiet" type="button" onClick=${() => sessionWasReplaced.set(false)}>All right</button>
    </div>
  </div>`;
}

/** A refusal in words, with a way on as its children. */
export function ErrorNote({ error, children }) {
  const { title, text } = describeError(error);
  return html`<div class="note" role="alert">
    <h2>${title}</h2>
    <p>${text}</p>
    ${children && html`<div class="actions">${children}</div>`}
  </div>`;
}

/** A view of nothing but a sentence and a way on. */
export function EmptyState({ title, children }) {
  return html`<div class="empty-state">
    <svg class="empty-state-picture" viewBox="0 0 160 90" aria-hidden="true">
      <path class="plank-line" d="M0 70h160v8H0z" /><path class="plank-line" d="M18 78h8v12h-8zM134 78h8v12h-8z" />
      <path class="mouse-tail" d="M104 66q18 4 17-12-1-9 8-10" />
      <path class="mouse" d="M38 69q5-14 19-17 10-11 25-9 22 3 25 27z" /><circle class="mouse-ear" cx="62" cy="47" r="7.5" />
      <circle class="mouse-eye" cx="51" cy="61" r="1.8" /><circle class="mouse-eye" cx="39" cy="68" r="2.2" />
    </svg>
    <h2>${title}</h2>
    ${children}
  </div>`;
}
