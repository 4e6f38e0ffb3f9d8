// What the tabs of one browser tell each other, and the locks by which only one of them does a thing.

const channel = "BroadcastChannel" in window ? new BroadcastChannel("tuckshop") : null;
const listeners = new Map();

channel?.addEventListener("message", ({ data }) => listeners.get(data.topic)?.(data.message));

/** Sends the other tabs a message about a topic. */
export function tellOtherTabs(topic, message = null) {
  channel?.postMessage({ topic, message });
}

/** Calls `listener` with each message of another tab about a topic. */
export function onTabMessage(topic, listener) {
  listeners.set(topic, listener);
}

/** Runs `work` while no other tab runs work of this name, where the browser can see to that. */
export function withTabLock(name, work) {
  return navigator.locks ? navigator.locks.request(`tuckshop.${name}`, work) : work();
}
