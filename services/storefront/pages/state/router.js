// Which view is shown: the address, going to another one, and finding one's place in it again.

import { createStore } from "/shared/state.js";
import { useLayoutEffect } from "/vendor/preact/standalone.module.js";
import { randomId } from "./random-id.js";
import { loadItem, saveItem } from "./storage.js";

const scrollPositions = loadItem("scroll", "sessionStorage") || {};

/**
 * `{path, query, key, cartOpen, shownCount}`: `key` names this entry of the browser's history,
 * `cartOpen` says whether the drawer is open, `shownCount` how many products a list has shown.
 */
export const route = createStore(readRoute());
let arrived = { key: null, path: null };
let goingBack = false;

function readRoute() {
  const { key = "first", cartOpen = false, shownCount = 0 } = history.state || {};
  return { path: location.pathname, query: location.search, key, cartOpen, shownCount };
}

/** Follows links, and the browser's back and forward. */
export function startRouter() {
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    goingBack = false;
    rememberScroll();
    route.set(readRoute());
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
  navigate(link.getAttribute("href"), { replace: route.value.cartOpen });
}

function rememberScroll() {
  scrollPositions[route.value.key] = Math.round(window.scrollY);
  saveItem("scroll", scrollPositions, "sessionStorage");
}

/** Goes to an address in the shop. `replace` leaves no way back to the one before. */
export function navigate(url, { replace = false } = {}) {
  rememberScroll();
  const state = { key: randomId(), cartOpen: false };
  history[replace ? "replaceState" : "pushState"](state, "", url);
  route.set(readRoute());
}

/** Opens the cart over the page; the browser's back closes it. */
export function openCart() {
  if (route.value.cartOpen) return;
  rememberScroll();
  const state = { ...history.state, key: route.value.key, cartOpen: true, overPage: true };
  history.pushState(state, "");
  route.set(readRoute());
}

export function closeCart() {
  if (!route.value.cartOpen || goingBack) return;
  goingBack = Boolean(history.state?.overPage);
  if (goingBack) history.back();
  else navigate(location.pathname + location.search, { replace: true });
}

/** Notes how many products are shown here, so that a reload shows as many. */
export function rememberShownCount(shownCount) {
  if (history.state?.shownCount === shownCount || !route.value) return;
  history.replaceState({ key: route.value.key, ...history.state, shownCount }, "");
}

/**
 * For a view to call: gives the page its title, and once the view is `ready` brings somebody who has
 * just arrived to its heading and to where the page was scrolled the last time.
 */
export function useRouteArrival(ready, title) {
  const { key, path } = route.value;
  useLayoutEffect(() => {
    document.title = title ? `${title} · Tuckshop` : "Tuckshop";
  }, [title]);
  useLayoutEffect(() => {
    if (!ready || arrived.key === key) return;
    const before = arrived;
    arrived = { key, path };
    if (before.path === path && !(key in scrollPositions)) return;
    window.scrollTo(0, scrollPositions[key] || 0);
    if (before.path !== null && before.path !== path) {
      document.querySelector("main h1")?.focus({ preventScroll: true });
    }
  }, [ready, key, path]);
}
