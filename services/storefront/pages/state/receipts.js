// The links of receipts: the shop tells one only once, so this browser keeps those that it was told.

import { ApiError } from "/shared/api.js";
import { call } from "./call.js";
import { loadItem, saveItem } from "./storage.js";
import { withTabLock } from "./tabs.js";
import { useResource } from "./use-resource.js";

/** The receipt that a link's token leads to: `data` is the order, with its `events`. */
export function useReceipt(token) {
  return useResource(`receipt ${token}`, async (signal) => (await readReceipt(token, signal)).data);
}

/** The path of the link to an order's receipt, as `data`; it is made if there is none. */
export function useReceiptLink(orderId) {
  return useResource(`link ${orderId}`, (signal) =>
    withTabLock("receipts", async () => `/receipt/${await tokenOf(orderId, signal)}`),
  );
}

async function tokenOf(orderId, signal) {
  const kept = loadItem("receipts") || {};
  if (kept[orderId] && (await leadsSomewhere(kept[orderId], signal))) return kept[orderId];
  const { data } = await call("POST", `/orders/${orderId}/receipt`, { signal });
  saveItem("receipts", { ...kept, [orderId]: data.token });
  return data.token;
}

/** Whether a link still works: another device may have made a newer one. */
async function leadsSomewhere(token, signal) {
  try {
    await readReceipt(token, signal);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

function readReceipt(token, signal) {
  return call("GET", `/receipts/${encodeURIComponent(token)}`, { signal, withoutToken: true });
}
