// Who this browser is to the shop: a guest's token, made at the first visit and renewed unnoticed.
import { send } from "/shared/api.js";
import { createStore } from "/shared/state.js";
import { loadItem, onStorageChange, saveItem } from "./storage.js";
import { withTabLock } from "./tabs.js";

const CHECK_MILLISECONDS = 30_000;

/** `{user_id, token, expires_at, since}` of this browser's guest, or null before the first visit. */
export const session = createStore(loadItem("session"));

/** Whether the last token ended before it could be renewed, so that this is another guest now. */
export const sessionWasReplaced = createStore(false);

/** The token to call with; makes or renews the session where that is due. Throws an ApiError. */
export async function currentToken() {
  const mine = session.value;
  if (mine && Date.parse(mine.expires_at) - Date.now() > 5000) return mine.token;
  return (await renew(mine)).token;
}

/** Another token, after a call with `refused` was answered 401. Throws an ApiError. */
export async function replaceToken(refused) {
  const mine = session.value;
  return (mine && mine.token !== refused ? mine : await renew(mine)).token;
}

/** Renews the session once half of its life is over, as long as the page is open. */
export function keepSessionFresh() {
  onStorageChange("session", (other) => session.set(other));
  const check = () => {
    const mine = session.value;
    if (!mine || document.hidden) return;
    const half = (Date.parse(mine.expires_at) + mine.since) / 2;
    if (Date.now() > half) renew(mine).catch(() => {}); // the next call will ask again
  };
  setInterval(check, CHECK_MILLISECONDS);
  document.addEventListener("visibilitychange", check);
}

let renewing = null;

function renew(old) {
  renewing ??= withTabLock("session", () => exchange(old)).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function exchange(old) {
  const latest = loadItem("session");
  if (latest && latest.token !== old?.token) {
    session.set(latest); // another tab was first
    return latest;
  }
  let answer;
  try {
    answer = await send("POST", "/api/session", {
      headers: old ? { "X-API-Key": old.token } : {},
    });
  } catch (error) {
    if (error.status !== 401 || !old) throw error;
    answer = await send("POST", "/api/session");
  }
  const fresh = { ...answer.data, since: Date.now() };
  if (old && old.user_id !== fresh.user_id) sessionWasReplaced.set(true);
  saveItem("session", fresh);
  session.set(fresh);
  return fresh;
}
