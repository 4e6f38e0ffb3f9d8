// What the registry reports, live: the instances and what happens to them.
//
// A session opens the stream of events first and then asks for a snapshot, so that nothing falls
// between the two. It asks again after each event, and now and then without one, because
// heartbeats, which renew the leases, are no events. When any part of it fails the session is over,
// and another one begins.

import { instanceKey, mergeEvents } from "./events.js";
import { keyRefusal } from "./registry-client.js";

const FIRST_RETRY_MILLISECONDS = 500;
const LAST_RETRY_MILLISECONDS = 5000;
const MAX_EVENTS = 2000;

export class Feed {
  /** What was reported last: `snapshot` and `events` are null until the first answer, and
   * `connected` until the first attempt has ended. */
  latest = { snapshot: null, events: null, next: null, connected: null };

  #registry;
  #onChange;
  #onKeyRefused;
  #ended = new AbortController();
  #wake = () => {};

  /** `onChange` is called with `latest` after each change; `onKeyRefused` once, with the reason in
   * words, when the registry does not accept the key. */
  constructor(registry, { onChange, onKeyRefused }) {
    this.#registry = registry;
    this.#onChange = onChange;
    this.#onKeyRefused = onKeyRefused;
    // Browsers slow down what nobody looks at.
    const poll = () => this.#wake();
    document.addEventListener("visibilitychange", poll, { signal: this.#ended.signal });
    this.#run();
  }

  end() {
    this.#ended.abort();
    this.#wake();
  }

  /** Take in an instance that was answered to another call. */
  putInstance(instance) {
    const { snapshot } = this.latest;
    const others = snapshot.services[instance.service] ?? [];
    const whole = others.map((other) =>
      instanceKey(other) === instanceKey(instance) ? instance : other,
    );
    const services = { ...snapshot.services, [instance.service]: whole };
    this.#update({ snapshot: { ...snapshot, services } });
  }

  /** Add the next page of what happened before. */
  async loadEarlier() {
    const page = await this.#registry.history(this.latest.next);
    this.#update({ events: mergeEvents(this.latest.events, page.events), next: page.next });
  }

  async #run() {
    let pause = FIRST_RETRY_MILLISECONDS;
    while (!this.#ended.signal.aborted) {
      try {
        await this.#session(() => (pause = FIRST_RETRY_MILLISECONDS));
      } catch (error) {
        const refusal = keyRefusal(error);
        if (refusal) {
          this.end();
          this.#onKeyRefused(refusal);
          return;
        }
      }
      this.#update({ connected: false });
      await this.#sleep(pause);
      pause = Math.min(pause * 2, LAST_RETRY_MILLISECONDS);
    }
  }

  async #session(begun) {
    const over = new AbortController();
    const end = () => over.abort();
    this.#ended.signal.addEventListener("abort", end, { once: true });
    try {
      const events = await this.#registry.events(over.signal);
      const [snapshot, page] = await Promise.all([
        this.#registry.services(),
        this.#registry.history(),
      ]);
      this.#update({ snapshot, connected: true, ...this.#withFirst(page) });
      begun();
      await Promise.race([this.#follow(events), this.#poll(over.signal)]);
    } finally {
      end();
      this.#ended.signal.removeEventListener("abort", end);
    }
  }

  /** Keep the pages that were loaded, unless too much has happened to join the first to them. */
  #withFirst(page) {
    const before = this.latest.events ?? [];
    const events = mergeEvents(page.events, before);
    const overlap = events.length < page.events.length + before.length;
    return overlap && events.length < MAX_EVENTS ? { events, next: this.latest.next } : page;
  }

  async #follow(events) {
    for await (const event of events) {
      if (this.latest.events.length >= MAX_EVENTS) {
        return; // The next session begins with one page again.
      }
      this.#update({ events: mergeEvents([event], this.latest.events) });
      this.#wake();
    }
  }

  async #poll(signal) {
    while (true) {
      await this.#sleep(pollMilliseconds(this.latest.snapshot));
      if (signal.aborted) return;
      const snapshot = await this.#registry.services();
      if (signal.aborted) return;
      this.#update({ snapshot });
    }
  }

  #update(changes) {
    if (!this.#ended.signal.aborted) {
      this.latest = { ...this.latest, ...changes };
      this.#onChange(this.latest);
    }
  }

  #sleep(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Milliseconds in which no lease can run far down unseen: heartbeats come every third of a ttl. */
function pollMilliseconds({ services }) {
  const ttls = Object.values(services)
    .flat()
    .map((instance) => instance.ttl);
  return Math.min(Math.max((Math.min(...ttls, 30) / 6) * 1000, 500), 5000);
}
