// A store: one value that several components show, and the hook that redraws them.
import { useLayoutEffect, useState } from "/vendor/preact/standalone.module.js";

/** Holds `value`; `set` changes it and notifies every subscriber. */
export function createStore(value) {
  const subscribers = new Set();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const notify of [...subscribers]) notify();
    },
    /** Calls `notify` after each change; returns a function that stops that. */
    subscribe(notify) {
      subscribers.add(notify);
      return () => subscribers.delete(notify);
    },
  };
}

/** The store's value; the component is drawn anew whenever it changes. */
export function useStore(store) {
  const [, draw] = useState(0);
  useLayoutEffect(() => {
    const notify = () => draw((n) => n + 1);
    const before = store.value;
    const unsubscribe = store.subscribe(notify);
    if (!Object.is(before, store.value)) notify();
    return unsubscribe;
  }, [store]);
  return store.value;
}
