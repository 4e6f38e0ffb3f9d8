// Where in the shop the page is: the address, going elsewhere, and finding one's place again.

import { makeState } from "/shared/state.js";
import { useLayoutEffect } from "/vendor/preact/standalone.module.js";
import { newKey } from "./keys.js";
import { keep, recall } from "./memory.js";

const scrolled = recall("scroll", sessionStorage) || {};

/** `{path, query, key, cart, shown}`: `cart` says whether the drawer is open, `shown` how many goods. */
export const place = makeState(readPlace());
let arrived = { key: null, path: null };
let goingBack = false;

function readPlace() {
  const { key = "first", cart = false, shown = 0 } = history.state || {};
  return { path: location.pathname, query: location.search, key, cart, shown };
}

/** Follows the browser's back and forward. */
export function watchPlace() {
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    goingBack = false;
    rememberScroll();
    place.set(readPlace());
  });
  window.addEventListener("pagehide", rememberScroll);
  document.addEventListener("visibilitychange", rememberScroll);
  document.addEventListener("click", followLink);
}

/** Links within the shop are followed without loading the page anew. */
function followLink(event) {
  const link = event.target.closest?.("a[href^='/']");
  const plain =
    event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented) return;
  event.preventDefault();
  // The open cart is no place to come back to.
  go(link.getAttribute("href"), { replace: place.value.cart });
}

function rememberScroll() {
  scrolled[place.value.key] = Math.round(window.scrollY);
  keep("scroll", scrolled, sessionStorage);
}

/** Goes to a place in the shop. `replace` leaves no way back to where one was. */
export function go(url, { replace = false, cart = false } = {}) {
  rememberScroll();
  const state = { key: newKey(), cart };
  history[replace ? "replaceState" : "pushState"](state, "", url);
  place.set(readPlace());
}

/** Opens the cart over the page; the browser's back closes it. */
export function openCart() {
  if (place.value.cart) return;
  rememberScroll();
  history.pushState({ ...history.state, key: place.value.key, cart: true, over: true }, "");
  place.set(readPlace());
}

export function closeCart() {
  if (!place.value.cart || goingBack) return;
  goingBack = Boolean(history.state?.over);
  if (goingBack) history.back();
  else go(location.pathname + location.search, { replace: true });
}

/** Notes how many goods are shown here, so that a reload shows as many. */
export function noteShown(shown) {
  if (history.state?.shown === shown || !place.value) return;
  history.replaceState({ key: place.value.key, ...history.state, shown }, "");
}

/**
 * For a view to call: names the page, and once the view is `ready` brings a new arrival to its
 * heading and to where the page was scrolled the last time.
 */
export function useArrival(ready, title) {
  const { key, path } = place.value;
  useLayoutEffect(() => {
    document.title = title ? `${title} · Tuckshop` : "Tuckshop";
  }, [title]);
  useLayoutEffect(() => {
    if (!ready || arrived.key === key) return;
    const before = arrived;
    arrived = { key, path };
    if (before.path === path && !(key in scrolled)) return;
    window.scrollTo(0, scrolled[key] || 0);
    if (before.path !== null && before.path !== path) {
      document.querySelector("main h1")?.focus({ preventScroll: true });
    }
  }, [ready, key, path]);
}
