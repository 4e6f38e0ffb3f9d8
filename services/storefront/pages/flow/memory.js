// What this browser remembers, under the shop's own names; a browser that keeps nothing does no harm.

const PREFIX = "tuckshop.";

/** The value kept under `name`, or null. */
export function recall(name, storage = localStorage) {
  try {
    return JSON.parse(storage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Keeps `value` under `name`; null forgets it. */
export function keep(name, value, storage = localStorage) {
  try {
    if (value === null) storage.removeItem(PREFIX + name);
    else storage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is full or not allowed: what is on the page still holds.
  }
}

/** Calls `listener` when another tab has changed what is kept under `name`. */
export function onOtherTab(name, listener) {
  window.addEventListener("storage", (event) => {
    if (event.key === PREFIX + name || event.key === null) listener(recall(name));
  });
}

/** Runs `work` while no other tab runs work of this name, where the browser can see to that. */
export function alone(name, work) {
  return navigator.locks ? navigator.locks.request(PREFIX + name, work) : work();
}
