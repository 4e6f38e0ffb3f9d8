// The shelves: what there is, narrowed and sorted as the address says.

import { counted } from "/shared/format.js";
import { useValue } from "/shared/state.js";
import { html, useEffect, useRef } from "/vendor/preact/standalone.module.js";
import { announce } from "../flow/announce.js";
import { apiQuery, readFilters } from "../flow/filters.js";
import { categories, useGoods } from "../flow/goods.js";
import { noteShown, place, useArrival } from "../flow/place.js";
import { FilterBar } from "../parts/filter-bar.js";
import { Good, GoodToCome } from "../parts/good.js";
import { Nothing, RefusalNote } from "../parts/notices.js";

const TO_COME = Array.from({ length: 12 }, (_, i) => i);

export function ShelfView() {
  const { query, shown } = useValue(place);
  const filters = readFilters(query);
  const asked = apiQuery(filters);
  const { items, after, busy, error, more } = useGoods(asked, shown);
  useArrival(items !== null || error !== null, headline(filters));
  useEffect(() => items && noteShown(items.length), [items]);
  const total = totalOf(filters, useValue(categories));
  useSaidCount(items, busy, items && countWords(items, after, total));
  return html`<div class="shelf-head">
      <h1 tabindex="-1">${headline(filters) || "What is on the shelves"}</h1>
      <p class="shelf-count soft count">${items ? countWords(items, after, total) : " "}</p>
    </div>
    <${FilterBar} filters=${filters} />
    ${error && html`<${RefusalNote} error=${error}><a class="button" href="/">Show everything</a><//>`}
    ${
      items && items.length === 0 && !error
        ? html`<${Nothing} title="Nothing like that on the shelves">
          <p>Try another word, or fewer filters.</p>
          <p><a class="button" href="/">Show everything</a></p>
        <//>`
        : html`<ul class=${`shelf${busy && items ? " busy" : ""}`} aria-busy=${busy}>
          ${
            items
              ? items.map((product) => html`<${Good} key=${product.id} product=${product} />`)
              : TO_COME.map((i) => html`<${GoodToCome} key=${`blank ${i}`} />`)
          }
        </ul>`
    }
    ${items && after && html`<${More} busy=${busy} more=${more} />`}`;
}

function headline({ q, category }) {
  if (q && category) return `“${q}” among ${category}`;
  if (q) return `“${q}”`;
  return category && category.charAt(0).toUpperCase() + category.slice(1);
}

function countWords(items, after, total) {
  if (!after) return counted(items.length, "thing");
  return total
    ? `${items.length} of ${counted(total, "thing")}`
    : `The first ${items.length} things`;
}

/** How many there are in all, where the categories' counts tell it; null elsewhere. */
function totalOf({ q, category, min, max, stock }, all) {
  if (!all || q || min || max || stock) return null;
  return all.reduce((sum, one) => sum + (!category || one.name === category ? one.count : 0), 0);
}

function useSaidCount(items, busy, words) {
  const before = useRef(null);
  useEffect(() => {
    if (busy || !items) return;
    if (before.current && before.current !== items) {
      announce(items.length ? `${words} on the shelf.` : "Nothing like that on the shelves.");
    }
    before.current = items;
  }, [items, busy]);
}

function More({ busy, more }) {
  const button = useRef(null);
  const latest = useRef(more);
  latest.current = more;
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
      onClick=${() => busy || more()}
    >
      ${busy ? "Fetching more…" : "Show more"}
    </button>
  </p>`;
}
