// The shelves: what there is, narrowed and sorted as the address says.

import { counted } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { FilterBar } from "../components/filter-bar.js";
import { EmptyState, ErrorNote } from "../components/notices.js";
import { ProductCard, ProductCardPlaceholder } from "../components/product-card.js";
import { announce } from "../state/announce.js";
import { currency } from "../state/currency.js";
import { apiQuery, categoryQuery, parseFilters } from "../state/filters.js";
import { categories, useProductList } from "../state/products.js";
import { rememberShownCount, route, useRouteArrival } from "../state/router.js";

const PLACEHOLDERS = Array.from({ length: 12 }, (_, i) => i);

export function ShelfView() {
  const { query, shownCount } = useStore(route);
  const filters = parseFilters(query);
  const inCurrency = useStore(currency);
  const apiParameters = apiQuery(filters, inCurrency);
  const { items, after, busy, error, loadMore } = useProductList(apiParameters, shownCount);
  useRouteArrival(items !== null || error !== null, headline(filters));
  useEffect(() => items && rememberShownCount(items.length), [items]);
  const total = countOf(filters, inCurrency, useStore(categories));
  useAnnouncedCount(items, busy, items && countText(items, after, total));
  return html`<div class="shelf-head">
      <h1 tabindex="-1" dir="auto">${headline(filters) || "What is on the shelves"}</h1>
      <p class="shelf-count soft count">${items ? countText(items, after, total) : " "}</p>
    </div>
    <${FilterBar} filters=${filters} />
    ${error && html`<${ErrorNote} error=${error}><a class="button" href="/">Show everything</a><//>`}
    ${
      items && items.length === 0 && !error
        ? html`<${EmptyState} title="Nothing like that on the shelves">
          <p>Try another word, or fewer filters.</p>
          <p><a class="button" href="/">Show everything</a></p>
        <//>`
        : html`<ul class=${`shelf${busy && items ? " busy" : ""}`} aria-busy=${busy}>
          ${
            items
              ? items.map(
                  (product) => html`<${ProductCard} key=${product.id} product=${product} />`,
                )
              : PLACEHOLDERS.map((i) => html`<${ProductCardPlaceholder} key=${`blank ${i}`} />`)
          }
        </ul>`
    }
    ${items && after && html`<${More} busy=${busy} loadMore=${loadMore} />`}`;
}

function headline({ q, category }) {
  if (q && category) return `“${q}” among ${category}`;
  if (q) return `“${q}”`;
  return category && category.charAt(0).toUpperCase() + category.slice(1);
}

function countText(items, after, total) {
  if (!after) return counted(items.length, "thing");
  return total
    ? `${items.length} of ${counted(total, "thing")}`
    : `The first ${items.length} things`;
}

/** How many there are in all, once the categories' counts of this search tell it; else null. */
function countOf(filters, inCurrency, told) {
  if (told?.query !== categoryQuery(filters, inCurrency)) return null;
  const { category } = filters;
  const counted = told.list.filter((one) => !category || one.name === category);
  return counted.reduce((sum, one) => sum + one.count, 0);
}

function useAnnouncedCount(items, busy, words) {
  const before = useRef(null);
  useEffect(() => {
    if (busy || !items) return;
    if (before.current && before.current !== items) {
      announce(items.length ? `${words} on the shelf.` : "Nothing like that on the shelves.");
    }
    before.current = items;
  }, [items, busy]);
}

function More({ busy, loadMore }) {
  const button = useRef(null);
  const latest = useRef(loadMore);
  latest.current = loadMore;
  useEffect(() => {
    if (busy) return undefined;
    const watch = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && latest.current(),
      { rootMargin: "400px" },
    );
    watch.observe(button.current);
    return () => watch.disconnect();
  }, [busy]);
  return html`<p class="more">
    <button
      ref=${button}
      class="button quiet"
      type="button"
      aria-disabled=${busy ? "true" : undefined}
      onClick=${() => busy || loadMore()}
    >
      ${busy ? "Fetching more…" : "Show more"}
    </button>
  </p>`;
}
