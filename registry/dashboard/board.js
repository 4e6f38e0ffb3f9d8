// The page behind the door: how the shop stands, and what the operator does about it.

import { html, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { ConfirmDrain } from "./confirm_drain.js";
import { ContactMark, lostContact, useSilence } from "./contact.js";
import { Feed } from "./feed.js";
import { HappenedList } from "./happened_list.js";
import { isLastUp, nameOf } from "./happenings.js";
import { Registry } from "./registry.js";
import { Result } from "./result.js";
import { ServicesTable } from "./services_table.js";
import { useHeard } from "./spoken.js";
import { headline, notSaid, said } from "./words.js";

/** `refuse` is called with the words when the key is not taken; `leave` forgets it. */
export function Board({ operatorKey, refuse, leave }) {
  const [known, setKnown] = useState({ snapshot: null, events: null, next: null, contact: null });
  const feed = useRef();
  const registry = useRef();
  useEffect(() => {
    registry.current = new Registry(operatorKey);
    feed.current = new Feed(registry.current, { tell: setKnown, refuse });
    return () => feed.current.end();
  }, [operatorKey]);

  const { snapshot, events, next, contact } = known;
  const silence = useSilence(known);
  const [result, setResult] = useState(null);
  const [busy, setBusy] = useState(new Set());
  const [asking, setAsking] = useState(null);
  const heard = useHeard(events, silence);
  const words = snapshot && headline(Object.values(snapshot.services).flat());
  const title = useRef();
  useEffect(() => {
    if (words) document.title = `${words} · Tuckshop`;
  }, [words]);
  useEffect(() => {
    if (document.activeElement === document.body) title.current?.focus();
  }, [snapshot === null]);

  async function give(instance, word) {
    const name = nameOf(instance);
    setBusy((names) => new Set(names).add(name));
    setResult(null);
    try {
      const now = await registry.current.setState(instance, word);
      feed.current.put(now);
      setResult({ words: said(now) });
    } catch (error) {
      setResult({ words: notSaid(instance, word, error), trouble: true });
    }
    setBusy((names) => new Set([...names].filter((other) => other !== name)));
  }

  function ask(instance, word) {
    const last = isLastUp(instance, snapshot.services[instance.service]);
    if (word === "draining" && last) {
      setAsking(instance);
    } else {
      give(instance, word);
    }
  }

  function answered(yes) {
    setAsking(null);
    if (yes) give(asking, "draining");
  }

  return html`
    <header class="top">
      <p class="brand">Tuckshop <span class="soft">· the back room</span></p>
      ${snapshot && html`<${ContactMark} silence=${silence} />`}
      <button type="button" class="text-button" onClick=${leave}>Forget the key</button>
    </header>
    <main class="board">
      ${
        snapshot === null
          ? html`<${Waiting} contact=${contact} />`
          : html`
            <h1 tabindex="-1" ref=${title}>${words}</h1>
            <${ServicesTable}
              snapshot=${snapshot}
              events=${events}
              live=${silence === null}
              busy=${busy}
              say=${ask}
            />
            <${HappenedList}
              events=${events}
              loadEarlier=${next && (() => feed.current.loadEarlier())}
            />
            <p class="foot soft small">Shop ${snapshot.shop}</p>
          `
      }
      <div class="notices">
        ${silence !== null && html`<p class="notice low">${lostContact(silence, snapshot)}</p>`}
        <${Result} result=${result} dismiss=${() => setResult(null)} />
      </div>
      <p class="unseen" role="status">${heard}</p>
    </main>
    ${asking && html`<${ConfirmDrain} instance=${asking} answer=${answered} />`}
  `;
}

function Waiting({ contact }) {
  return html`<h1>${contact === false ? "The registry does not answer." : "Looking around…"}</h1>
    <p class="empty">${contact === false && "Trying again. The page fills by itself."}</p>`;
}
