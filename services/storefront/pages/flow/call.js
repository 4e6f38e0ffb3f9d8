// A call to the shop: with this guest's token, and again and again while the way there is cut.
import { Refusal, send } from "/shared/api.js";
import { makeState } from "/shared/state.js";
import { session, token, tokenInsteadOf } from "./session.js";

const LONGEST_WAIT = 10;

/**
 * What stands between the page and the shop, or null: `{kind, where, until, hurry}`. `kind` is
 * "offline", "busy" or "away"; `where` the part of the shop, as its path begins; `until` when it is
 * tried again (ms); `hurry()` tries again at once.
 */
export const trouble = makeState(null);
const waiting = new Map();

/**
 * Calls `/api` + `path`, which may be a function of this guest's id. Every call may be repeated: a
 * POST carries its `key`. Returns `{status, data, headers}`; throws a Refusal that is final, or an
 * AbortError.
 */
export async function call(method, path, options = {}) {
  const me = Symbol(method);
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await callOnce(method, path, options);
      } catch (error) {
        if (!(error instanceof Refusal && error.passing)) throw error;
        await pause(me, path, error, attempt, options.signal);
      }
    }
  } finally {
    if (waiting.delete(me)) show();
  }
}

async function callOnce(method, path, { body, key, signal }) {
  const attempt = (mine) => {
    const headers = { "X-API-Key": mine };
    if (key) headers["Idempotency-Key"] = key;
    return send(method, `/api${written(path)}`, { headers, body, signal });
  };
  const mine = await token();
  try {
    return await attempt(mine);
  } catch (error) {
    if (error.status !== 401) throw error;
    return attempt(await tokenInsteadOf(mine));
  }
}

function written(path) {
  return typeof path === "function" ? path(session.value?.user_id ?? "") : path;
}

function pause(me, path, error, attempt, signal) {
  const backoff = Math.min(2 ** attempt, LONGEST_WAIT);
  const seconds = Math.min(Math.max(error.retryAfter ?? 0, backoff), LONGEST_WAIT);
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer);
      window.removeEventListener("online", hurry);
      signal?.removeEventListener("abort", stop);
      settle();
    };
    const hurry = end(resolve);
    const stop = end(() => reject(new DOMException("No longer wanted", "AbortError")));
    const timer = setTimeout(hurry, seconds * 1000);
    window.addEventListener("online", hurry);
    signal?.addEventListener("abort", stop);
    if (error.code.endsWith("_in_progress")) return;
    waiting.set(me, {
      kind: error.status === 0 ? "offline" : error.status === 429 ? "busy" : "away",
      where: written(path).split(/[/?]/)[1],
      until: Date.now() + seconds * 1000,
      hurry,
    });
    show();
  });
}

function hurryAll(all) {
  for (const one of all) one.hurry();
}

function show() {
  const all = [...waiting.values()];
  if (all.length === 0) return trouble.set(null);
  const worst = all.find((one) => one.kind === "offline") || all[all.length - 1];
  return trouble.set({ ...worst, hurry: () => hurryAll(all) });
}
