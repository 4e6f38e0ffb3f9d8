// What this browser stores, under the shop's own names; a browser that stores nothing does no harm.

const PREFIX = "tuckshop.";

/** What could not be stored: it is kept for as long as the page is. */
const unstored = new Map();

/** The value stored under `name`, or null. */
export function loadItem(name, kind = "localStorage") {
  if (unstored.has(name)) return unstored.get(name);
  try {
    return JSON.parse(window[kind].getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Stores `value` under `name`; null removes it. */
export function saveItem(name, value, kind = "localStorage") {
  unstored.delete(name);
  try {
    if (value === null) window[kind].removeItem(PREFIX + name);
    else window[kind].setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    unstored.set(name, value); // it is full, or not allowed
  }
}

/** Calls `listener` when another tab has changed what is stored under `name`. */
export function onStorageChange(name, listener) {
  window.addEventListener("storage", (event) => {
    if (event.key === PREFIX + name || event.key === null) listener(loadItem(name));
  });
}
