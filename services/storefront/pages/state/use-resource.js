// What a view loads from the shop: nothing yet, an answer, or the error that came instead.

import { ApiError } from "/shared/api.js";
import { useCallback, useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";

const NOTHING_YET = { data: null, error: null, busy: true };

/**
 * Runs `load(signal)` for each new `key`, and again whenever `reload()` is called. Returns
 * `{data, error, busy, reload, reloadIfIdle}`; the last data stay while newer are loaded, unless the
 * key is another one. `initial` are data to begin with; `reloadIfIdle()` lets a load that is under
 * way come to its end instead.
 */
export function useResource(key, load, initial = null) {
  const [state, setState] = useState({ ...NOTHING_YET, key, data: initial });
  const running = useRef(null);
  const reload = useCallback(() => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    return load(mine.signal).then(
      (data) => {
        if (mine.signal.aborted) return;
        running.current = null;
        setState({ key, data, error: null, busy: false });
      },
      (error) => {
        if (mine.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        running.current = null;
        setState({ key, data: null, error, busy: false });
      },
    );
  }, [key]);
  useEffect(() => {
    reload();
    return () => running.current?.abort();
  }, [reload]);
  const reloadIfIdle = useCallback(() => running.current || reload(), [reload]);
  const latest = state.key === key ? state : { ...NOTHING_YET, data: initial };
  return { ...latest, reload, reloadIfIdle };
}
