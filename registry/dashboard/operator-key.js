// The operator key: kept for this tab alone, or taken from the link's fragment, which leaves the
// address bar at once so that it is in no history and no picture of the screen.

const STORED_AS = "operator-key";

/** The key that the fragment brings or that this tab has kept; null if neither. */
export function loadKey() {
  const brought = new URLSearchParams(location.hash.slice(1)).get("key");
  if (location.hash) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  if (brought) {
    saveKey(brought);
  }
  return sessionStorage.getItem(STORED_AS);
}

/** Keep a key for as long as the tab is open. */
export function saveKey(key) {
  sessionStorage.setItem(STORED_AS, key);
}

export function forgetKey() {
  sessionStorage.removeItem(STORED_AS);
}
