// What one tab tells the others, so that all of them show the same shop.

const channel = "BroadcastChannel" in window ? new BroadcastChannel("tuckshop") : null;
const listeners = new Map();

channel?.addEventListener("message", ({ data }) => listeners.get(data.about)?.(data.what));

/** Tells the other tabs `what` there is to know `about` something. */
export function tellTabs(about, what = null) {
  channel?.postMessage({ about, what });
}

/** Calls `listener` with what another tab tells about something. */
export function hearTabs(about, listener) {
  listeners.set(about, listener);
}
