// What a view has asked the shop for: nothing yet, an answer, or a refusal.

import { Refusal } from "/shared/api.js";
import { useCallback, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";

const NOTHING_YET = { data: null, error: null, busy: true };

/**
 * Runs `ask(signal)` for each new `key`, and again whenever `again()` is called. Returns
 * `{data, error, busy, again, look}`; the last data stay while newer are asked for, unless the key
 * is another one. `first` are data to begin with; `look()` asks again unless that is under way.
 */
export function useAsked(key, ask, first = null) {
  const [state, setState] = useState({ ...NOTHING_YET, key, data: first });
  const current = useRef(null);
  const again = useCallback(() => {
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    return ask(mine.signal).then(
      (data) => {
        if (mine.signal.aborted) return;
        current.current = null;
        setState({ key, data, error: null, busy: false });
      },
      (error) => {
        if (mine.signal.aborted) return;
        if (!(error instanceof Refusal)) throw error;
        current.current = null;
        setState({ key, data: null, error, busy: false });
      },
    );
  }, [key]);
  useEffect(() => {
    again();
    return () => current.current?.abort();
  }, [again]);
  const look = useCallback(() => current.current || again(), [again]);
  const shown = state.key === key ? state : { ...NOTHING_YET, data: first };
  return { ...shown, again, look };
}
