// What the registry tells this page, live: the instances and what happens to them.
//
// A session opens the stream of events first and then asks how things stand, so that nothing falls
// between the two. It asks again after each event, and now and then without one, because
// heartbeats, which renew the leases, are no events. When anything of it fails the session is over,
// and another one is begun.

import { joined, nameOf } from "./happenings.js";
import { keyRefusal } from "./registry.js";

const FIRST_RETRY = 500;
const LAST_RETRY = 5000;
const MOST_EVENTS = 2000;

export class Feed {
  /** What is known: `snapshot` and `events` are null until the first contact, and `contact` until
   * it is known whether there is any. */
  known = { snapshot: null, events: null, next: null, contact: null };

  #registry;
  #tell;
  #refuse;
  #ended = new AbortController();
  #wake = () => {};

  /** `tell` is called with what is known, after each change; `refuse` once,
   * in words, when the key is not taken. */
  constructor(registry, { tell, refuse }) {
    this.#registry = registry;
    this.#tell = tell;
    this.#refuse = refuse;
    // Browsers slow down what nobody looks at.
    const look = () => this.#wake();
    document.addEventListener("visibilitychange", look, { signal: this.#ended.signal });
    this.#run();
  }

  end() {
    this.#ended.abort();
    this.#wake();
  }

  /** Take in how an instance stands, as it was told by another way. */
  put(instance) {
    const { snapshot } = this.known;
    const others = snapshot.services[instance.service] ?? [];
    const whole = others.map((other) => (nameOf(other) === nameOf(instance) ? instance : other));
    const services = { ...snapshot.services, [instance.service]: whole };
    this.#learn({ snapshot: { ...snapshot, services } });
  }

  /** Add the next page of what happened before. */
  async loadEarlier() {
    const page = await this.#registry.history(this.known.next);
    this.#learn({ events: joined(this.known.events, page.events), next: page.next });
  }

  async #run() {
    let pause = FIRST_RETRY;
    while (!this.#ended.signal.aborted) {
      try {
        await this.#session(() => (pause = FIRST_RETRY));
      } catch (error) {
        const refusal = keyRefusal(error);
        if (refusal) {
          this.end();
          this.#refuse(refusal);
          return;
        }
      }
      this.#learn({ contact: false });
      await this.#sleep(pause);
      pause = Math.min(pause * 2, LAST_RETRY);
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
      this.#learn({ snapshot, contact: true, ...this.#withFirst(page) });
      begun();
      await Promise.race([this.#follow(events), this.#ask(over.signal)]);
    } finally {
      end();
      this.#ended.signal.removeEventListener("abort", end);
    }
  }

  /** Keep the pages that were loaded, unless too much has happened to join the first to them. */
  #withFirst(page) {
    const known = this.known.events ?? [];
    const events = joined(page.events, known);
    const meet = events.length < page.events.length + known.length;
    return meet && events.length < MOST_EVENTS ? { events, next: this.known.next } : page;
  }

  async #follow(events) {
    for await (const event of events) {
      if (this.known.events.length >= MOST_EVENTS) {
        return; // The next session begins with one page again.
      }
      this.#learn({ events: joined([event], this.known.events) });
      this.#wake();
    }
  }

  async #ask(signal) {
    while (true) {
      await this.#sleep(halfHeartbeat(this.known.snapshot));
      if (signal.aborted) return;
      const snapshot = await this.#registry.services();
      if (signal.aborted) return;
      this.#learn({ snapshot });
    }
  }

  #learn(news) {
    if (!this.#ended.signal.aborted) {
      this.known = { ...this.known, ...news };
      this.#tell(this.known);
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
function halfHeartbeat({ services }) {
  const ttls = Object.values(services)
    .flat()
    .map((instance) => instance.ttl);
  return Math.min(Math.max((Math.min(...ttls, 30) / 6) * 1000, 500), 5000);
}
