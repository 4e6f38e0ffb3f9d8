// A call to the shop: with this guest's token, and again and again while the way there is cut.
import { ApiError, send } from "/shared/api.js";
import { createStore } from "/shared/state.js";
import { currentToken, replaceToken, session } from "./session.js";

const MAX_RETRY_SECONDS = 10;

/**
 * What stands between the page and the shop, or null: `{kind, resource, retryAt, retryNow}`. `kind`
 * is "offline", "busy" or "away"; `resource` the part of the shop, as its path begins; `retryAt` when
 * it is tried again (ms); `retryNow()` tries at once.
 */
export const connectionIssue = createStore(null);
const waiting = new Map();

/**
 * Calls `/api` + `path`, which may be a function of this guest's id. Every call may be repeated: a
 * POST carries its idempotency `key`, where it takes one. `withoutToken` calls as nobody. Returns `{status, data, headers}`; throws an ApiError that is
 * final, or an AbortError.
 */
export async function call(method, path, options = {}) {
  const me = Symbol(method);
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await callOnce(method, path, options);
      } catch (error) {
        if (!(error instanceof ApiError && error.isTransient)) throw error;
        await waitToRetry(me, path, error, attempt, options.signal);
      }
    }
  } finally {
    if (waiting.delete(me)) publishIssue();
  }
}

/**
 * The first `limit` things of the list at `path`, which may have a query, in as many pages as they
 * come in. Returns `{items, after}`: where the list goes on, or null. Throws as `call`.
 */
export async function callList(path, limit, signal) {
  const url = new URL(path, location.origin);
  const items = [];
  let after = url.searchParams.get("after");
  do {
    url.searchParams.set("limit", limit - items.length);
    if (after) url.searchParams.set("after", after);
    const { data, headers } = await call("GET", url.pathname + url.search, { signal });
    items.push(...data);
    const next = /<([^>]*)>;\s*rel="next"/.exec(headers.get("Link") || "");
    after = next && new URL(next[1], location.origin).searchParams.get("after");
  } while (after && items.length < limit);
  return { items, after };
}

async function callOnce(method, path, { body, key, signal, withoutToken }) {
  if (withoutToken) return send(method, `/api${resolvePath(path)}`, { body, signal });
  const attempt = (token) => {
    const headers = { "X-API-Key": token };
    if (key) headers["Idempotency-Key"] = key;
    return send(method, `/api${resolvePath(path)}`, { headers, body, signal });
  };
  const token = await currentToken();
  try {
    return await attempt(token);
  } catch (error) {
    if (error.status !== 401) throw error;
    return attempt(await replaceToken(token));
  }
}

function resolvePath(path) {
  return typeof path === "function" ? path(session.value?.user_id ?? "") : path;
}

function waitToRetry(me, path, error, attempt, signal) {
  const backoff = Math.min(2 ** attempt, MAX_RETRY_SECONDS);
  const seconds = Math.min(Math.max(error.retryAfter ?? 0, backoff), MAX_RETRY_SECONDS);
  return new Promise((resolve, reject) => {
    const end = (settle) => () => {
      clearTimeout(timer);
      window.removeEventListener("online", retryNow);
      signal?.removeEventListener("abort", stop);
      settle();
    };
    const retryNow = end(resolve);
    const stop = end(() => reject(new DOMException("No longer wanted", "AbortError")));
    const timer = setTimeout(retryNow, seconds * 1000);
    window.addEventListener("online", retryNow);
    signal?.addEventListener("abort", stop);
    // The first of two equal requests is still being answered: nothing is wrong with the connection.
    if (error.code.endsWith("_in_progress")) return;
    waiting.set(me, {
      kind: error.status === 0 ? "offline" : error.status === 429 ? "busy" : "away",
      resource: resolvePath(path).split(/[/?]/)[1],
      retryAt: Date.now() + seconds * 1000,
      retryNow,
    });
    publishIssue();
  });
}

function publishIssue() {
  const all = [...waiting.values()];
  const worst = all.find((one) => one.kind === "offline") ?? all.at(-1);
  connectionIssue.set(worst ? { ...worst, retryNow: retryAllNow } : null);
}

function retryAllNow() {
  for (const { retryNow } of [...waiting.values()]) retryNow();
}
