// One value that several parts of a page look at, and the hook by which a part follows it.
import { useLayoutEffect, useState } from "/vendor/preact/standalone.module.js";

/** Holds `value`; `set` tells everyone that follows it. */
export function makeState(value) {
  const followers = new Set();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const tell of [...followers]) tell();
    },
    /** Calls `tell` after each change; returns how to stop that. */
    follow(tell) {
      followers.add(tell);
      return () => followers.delete(tell);
    },
  };
}

/** The state's value, drawn anew whenever it changes. */
export function useValue(state) {
  const [, draw] = useState(0);
  useLayoutEffect(() => {
    const tell = () => draw((n) => n + 1);
    const before = state.value;
    const stop = state.follow(tell);
    if (!Object.is(before, state.value)) tell();
    return stop;
  }, [state]);
  return state.value;
}
