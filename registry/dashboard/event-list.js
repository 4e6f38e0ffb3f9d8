// What happened, newest first, by day.

import { html, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { flash } from "./animation.js";
import { eventKey } from "./events.js";
import { StateIcon } from "./state-icon.js";
import { eventSentence, instanceName } from "./texts.js";
import { day, Timestamp } from "./timestamp.js";

const AT_FIRST = 30;
const A_PAGE = 50;

/** `loadEarlier` adds to the events, and throws what hindered it; null if there are no more. */
export function EventList({ events, loadEarlier }) {
  const newest = useRef(events[0]?.at ?? "");
  const [shown, setShown] = useState(AT_FIRST);

  async function showEarlier() {
    if (loadEarlier && events.length < shown + A_PAGE) await loadEarlier();
    setShown(shown + A_PAGE);
  }

  return html`<section class="events" aria-labelledby="events-title">
    <h2 id="events-title">What happened</h2>
    ${events.length === 0 && html`<p class="empty">Nothing has happened yet.</p>`}
    ${byDay(events.slice(0, shown)).map(
      ([name, ofDay]) => html`<div class="day-of-events" key=${name}>
        <h3>${name}</h3>
        <ol>
          ${ofDay.map(
            (event) => html`<${EventItem}
              key=${eventKey(event)}
              event=${event}
              isNew=${event.at > newest.current}
            />`,
          )}
        </ol>
      </div>`,
    )}
    ${
      events.length > 0 &&
      html`<${Earlier} more=${loadEarlier || shown < events.length} show=${showEarlier} />`
    }
  </section>`;
}

function EventItem({ event, isNew }) {
  const item = useRef();
  useEffect(() => {
    if (isNew) flash(item.current);
  }, []);
  return html`<li ref=${item}>
    <${Timestamp} at=${event.at} timeOnly />
    <${StateIcon} of=${event.what} />
    <span class="sentence"><b>${instanceName(event)}</b> ${eventSentence(event)}</span>
  </li>`;
}

function Earlier({ more, show }) {
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState(null);
  const end = useRef();
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (asked && !more) end.current.focus();
  }, [!more]);

  async function fetchEarlier() {
    if (loading) return;
    setAsked(true);
    setLoading(true);
    setProblem(null);
    try {
      await show();
    } catch (error) {
      setProblem(
        error.status === 0
          ? "The registry did not answer. Try again in a moment."
          : `The registry would not tell: ${error.message}.`,
      );
    }
    setLoading(false);
  }

  if (!more) {
    return html`<p class="soft small" tabindex="-1" ref=${end}>
      That is all the registry remembers.
    </p>`;
  }
  return html`<p class="earlier">
    <button type="button" class="button quiet" aria-disabled=${loading} onClick=${fetchEarlier}>
      ${loading ? "Looking…" : "Show earlier"}
    </button>
    <span class="problem" role="alert">${problem}</span>
  </p>`;
}

function byDay(events) {
  const days = new Map();
  for (const event of events) {
    const name = day(event.at);
    if (!days.has(name)) days.set(name, []);
    days.get(name).push(event);
  }
  return [...days];
}
