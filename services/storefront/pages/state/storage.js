// What this browser stores, under the shop's own names; a browser that stores nothing does no harm.

const PREFIX = "tuckshop.";

/** The value stored under `name`, or null. */
export function loadItem(name, storage = localStorage) {
  try {
    return JSON.parse(storage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Stores `value` under `name`; null removes it. */
export function saveItem(name, value, storage = localStorage) {
  try {
    if (value === null) storage.removeItem(PREFIX + name);
    else storage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is full or not allowed: what is on the page still holds.
  }
}

/** Calls `listener` when another tab has changed what is stored under `name`. */
export function onStorageChange(name, listener) {
  window.addEventListener("storage", (event) => {
    if (event.key === PREFIX + name || event.key === null) listener(loadItem(name));
  });
}
