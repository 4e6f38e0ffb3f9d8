// The page once the key is accepted: how the instances are, and what the operator does about it.

import { html, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { ActionResult } from "./action-result.js";
import { useAnnouncement } from "./announcement.js";
import { ConfirmDrain } from "./confirm-drain.js";
import { ConnectionStatus, connectionLostText, useSecondsLost } from "./connection.js";
import { EventList } from "./event-list.js";
import { instanceKey, isLastUp } from "./events.js";
import { Feed } from "./feed.js";
import { RegistryClient } from "./registry-client.js";
import { ServicesTable } from "./services-table.js";
import { headline, stateNotSetText, stateSetText } from "./texts.js";

/** `onKeyRefused` is called with the reason in words; `onForgetKey` when the operator asks for it. */
export function Dashboard({ operatorKey, onKeyRefused, onForgetKey }) {
  const [latest, setLatest] = useState({
    snapshot: null,
    events: null,
    next: null,
    connected: null,
  });
  const feed = useRef();
  const registry = useRef();
  useEffect(() => {
    registry.current = new RegistryClient(operatorKey);
    feed.current = new Feed(registry.current, { onChange: setLatest, onKeyRefused });
    return () => feed.current.end();
  }, [operatorKey]);

  const { snapshot, events, next, connected } = latest;
  const secondsLost = useSecondsLost(latest);
  const [result, setResult] = useState(null);
  const [busy, setBusy] = useState(new Set());
  const [confirming, setConfirming] = useState(null);
  const announcement = useAnnouncement(events, secondsLost);
  const summary = snapshot && headline(Object.values(snapshot.services).flat());
  const title = useRef();
  useEffect(() => {
    if (summary) document.title = `${summary} · Tuckshop`;
  }, [summary]);
  useEffect(() => {
    if (document.activeElement === document.body) title.current?.focus();
  }, [snapshot === null]);

  async function setState(instance, state) {
    const name = instanceKey(instance);
    setBusy((names) => new Set(names).add(name));
    setResult(null);
    try {
      const now = await registry.current.setState(instance, state);
      feed.current.putInstance(now);
      setResult({ text: stateSetText(now) });
    } catch (error) {
      setResult({ text: stateNotSetText(instance, state, error), failed: true });
    }
    setBusy((names) => new Set([...names].filter((other) => other !== name)));
  }

  function requestState(instance, state) {
    const last = isLastUp(instance, snapshot.services[instance.service]);
    if (state === "draining" && last) {
      setConfirming(instance);
    } else {
      setState(instance, state);
    }
  }

  function confirmed(yes) {
    setConfirming(null);
    if (yes) setState(confirming, "draining");
  }

  return html`
    <header class="top">
      <p class="brand">Tuckshop <span class="soft">· the back room</span></p>
      ${snapshot && html`<${ConnectionStatus} secondsLost=${secondsLost} />`}
      <button type="button" class="text-button" onClick=${onForgetKey}>Forget the key</button>
    </header>
    <main class="dashboard">
      ${
        snapshot === null
          ? html`<${Waiting} connected=${connected} />`
          : html`
            <h1 tabindex="-1" ref=${title}>${summary}</h1>
            <${ServicesTable}
              snapshot=${snapshot}
              events=${events}
              live=${secondsLost === null}
              busy=${busy}
              onSetState=${requestState}
            />
            <${EventList}
              events=${events}
              loadEarlier=${next && (() => feed.current.loadEarlier())}
            />
            <p class="foot soft small">Shop ${snapshot.shop}</p>
          `
      }
      <div class="notices">
        ${secondsLost !== null && html`<p class="notice low">${connectionLostText(secondsLost, snapshot)}</p>`}
        <${ActionResult} result=${result} dismiss=${() => setResult(null)} />
      </div>
      <p class="unseen" role="status">${announcement}</p>
    </main>
    ${confirming && html`<${ConfirmDrain} instance=${confirming} onAnswer=${confirmed} />`}
  `;
}

function Waiting({ connected }) {
  return html`<h1>${connected === false ? "The registry does not answer." : "Looking around…"}</h1>
    <p class="empty">${connected === false && "Trying again. The page fills by itself."}</p>`;
}
