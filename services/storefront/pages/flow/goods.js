// The goods on the shelves: lists that load page by page, single products, categories, and what is
// known of the stock.

import { Refusal } from "/shared/api.js";
import { makeState } from "/shared/state.js";
import { useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { call } from "./call.js";
import { keep, recall } from "./memory.js";

const PAGE = 24;
const MOST_IN_ONE = 960;
const lists = new Map();

/** What the shop told last of each product, by id; null for one that is no longer sold. */
export const known = makeState(new Map());

/** The categories with their counts, as they were told last; null before the first time. */
export const categories = makeState(recall("categories"));

function note(products) {
  const next = new Map(known.value);
  for (const product of products) next.set(product.id, product);
  known.set(next);
}

/** Asks for the categories, once. */
export async function learnCategories(signal) {
  const { data } = await call("GET", "/categories", { signal });
  categories.set(data);
  keep("categories", data);
}

/** One product. Throws a Refusal. */
export async function learnProduct(id, signal) {
  const { data } = await call("GET", `/products/${id}`, { signal });
  note([data]);
  return data;
}

/** Looks after the stock and price of these products; one that is not answered is not sold. */
export async function learnStock(ids, signal) {
  if (ids.length === 0) return;
  const { data } = await call("GET", `/products?ids=${ids.join(",")}&limit=1000`, { signal });
  note(data);
  const gone = ids.filter((id) => !data.some((product) => product.id === id));
  if (gone.length) known.set(new Map([...known.value, ...gone.map((id) => [id, null])]));
}

async function fetchPage(query, limit, signal) {
  const parameters = new URLSearchParams(query);
  parameters.set("limit", limit);
  const { data, headers } = await call("GET", `/products?${parameters}`, { signal });
  note(data);
  const next = /<([^>]*)>;\s*rel="next"/.exec(headers.get("Link") || "");
  const after = next && new URL(next[1], location.origin).searchParams.get("after");
  return { items: data, after };
}

/**
 * The goods that match `query` (the API's own parameters). Returns `{items, after, busy, error,
 * more}`: `items` is null before the first answer, the last ones stay while others are fetched,
 * and `more()` fetches the next page if there is an `after`. `shown` goods are fetched to begin with.
 */
export function useGoods(query, shown) {
  const [list, setList] = useState(() => lists.get(query) || { items: null, after: null });
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState(null);
  const ending = useRef(null);

  const run = async (fetching) => {
    ending.current?.abort();
    const mine = new AbortController();
    ending.current = mine;
    setBusy(true);
    try {
      const next = await fetching(mine.signal);
      if (mine.signal.aborted) return;
      lists.set(query, next);
      setList(next);
      setError(null);
    } catch (problem) {
      if (mine.signal.aborted) return;
      if (!(problem instanceof Refusal)) throw problem;
      setError(problem);
    }
    setBusy(false);
  };

  useEffect(() => {
    const before = lists.get(query);
    if (before) setList(before);
    const wanted = Math.max(before?.items.length || 0, shown, PAGE);
    const limit = Math.min(Math.ceil(wanted / PAGE) * PAGE, MOST_IN_ONE);
    run((signal) => fetchPage(query, limit, signal));
    return () => ending.current?.abort();
  }, [query]);

  const more = () =>
    run(async (signal) => {
      const page = await fetchPage(
        `${query}&after=${encodeURIComponent(list.after)}`,
        PAGE,
        signal,
      );
      const had = new Set(list.items.map((item) => item.id));
      return {
        items: [...list.items, ...page.items.filter((item) => !had.has(item.id))],
        after: page.after,
      };
    });
  return { ...list, busy, error, more };
}
