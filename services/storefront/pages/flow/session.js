// Who this browser is to the shop: a guest's token, made at the first visit and renewed unnoticed.
import { send } from "/shared/api.js";
import { makeState } from "/shared/state.js";
import { alone, keep, onOtherTab, recall } from "./memory.js";

const CHECK_EVERY = 30_000;

/** `{user_id, token, expires_at, since}` of this browser's guest, or null before the first visit. */
export const session = makeState(recall("session"));

/** Whether the last token ended before it could be renewed, so that the visit began afresh. */
export const begunAfresh = makeState(false);

/** The token to call with; makes or renews the session where that is due. Throws a Refusal. */
export async function token() {
  const mine = session.value;
  if (mine && Date.parse(mine.expires_at) - Date.now() > 5000) return mine.token;
  return (await renew(mine)).token;
}

/** After a call with `spent` was refused as unknown: another one. Throws a Refusal. */
export async function tokenInsteadOf(spent) {
  const mine = session.value;
  return (mine && mine.token !== spent ? mine : await renew(mine)).token;
}

/** Renews the session once half of its life is over, as long as the page is open. */
export function keepSession() {
  onOtherTab("session", (other) => session.set(other));
  const check = () => {
    const mine = session.value;
    if (!mine || document.hidden) return;
    const half = (Date.parse(mine.expires_at) + mine.since) / 2;
    if (Date.now() > half) renew(mine).catch(() => {}); // the next call will ask again
  };
  setInterval(check, CHECK_EVERY);
  document.addEventListener("visibilitychange", check);
}

let renewing = null;

function renew(spent) {
  renewing ??= alone("session", () => exchange(spent)).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function exchange(spent) {
  const latest = recall("session");
  if (latest && latest.token !== spent?.token) {
    session.set(latest); // another tab was first
    return latest;
  }
  let answer;
  try {
    answer = await send("POST", "/api/session", {
      headers: spent ? { "X-API-Key": spent.token } : {},
    });
  } catch (error) {
    if (error.status !== 401 || !spent) throw error;
    answer = await send("POST", "/api/session");
  }
  const fresh = { ...answer.data, since: Date.now() };
  if (spent && spent.user_id !== fresh.user_id) begunAfresh.set(true);
  keep("session", fresh);
  session.set(fresh);
  return fresh;
}
