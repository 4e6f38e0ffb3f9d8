// The products: lists that load page by page, single ones, the categories, and what is known of the
// stock.

import { ApiError } from "/shared/api.js";
import { createStore } from "/shared/state.js";
import { useEffect, useRef, useState } from "/vendor/preact/standalone.module.js";
import { call, callList } from "./call.js";
import { learnCurrency } from "./currency.js";
import { loadItem, saveItem } from "./storage.js";

const PAGE_SIZE = 24;
const MAX_LIMIT = 960;
const lists = new Map();

/** What the shop told last of each product, by id; null for one that is no longer sold. */
export const productsById = createStore(new Map());

/** `{query, list}`: the categories with their counts in a search, as told last; null before that. */
export const categories = createStore(asUnsearched(loadItem("categories")));

function remember(products) {
  const next = new Map(productsById.value);
  for (const product of products) next.set(product.id, product);
  productsById.set(next);
  learnCurrency(products);
}

function asUnsearched(list) {
  return list && { query: "", list };
}

/** Asks for the categories of a search, by the API's own parameters. */
export async function loadCategories(query, signal) {
  const { data } = await call("GET", query ? `/categories?${query}` : "/categories", { signal });
  categories.set({ query, list: data });
  if (!query) saveItem("categories", data);
}

/** One product. Throws an ApiError. */
export async function loadProduct(id, signal) {
  const { data } = await call("GET", `/products/${id}`, { signal });
  remember([data]);
  return data;
}

/** Looks after the stock and price of these products; one that is not answered is not sold. */
export async function refreshStock(ids, signal) {
  if (ids.length === 0) return;
  const { items } = await callList(`/products?ids=${ids.join(",")}`, ids.length, signal);
  remember(items);
  const gone = ids.filter((id) => !items.some((product) => product.id === id));
  if (gone.length)
    productsById.set(new Map([...productsById.value, ...gone.map((id) => [id, null])]));
}

async function fetchPage(query, limit, signal) {
  const list = await callList(`/products?${query}`, limit, signal);
  remember(list.items);
  return list;
}

/**
 * The products that match `query` (the API's own parameters). Returns `{items, after, busy, error,
 * loadMore}`: `items` is null before the first answer, the last ones stay while others are fetched,
 * and `loadMore()` fetches the next page if there is an `after`. `shownCount` are fetched to begin with.
 */
export function useProductList(query, shownCount) {
  const [list, setList] = useState(() => lists.get(query) || { items: null, after: null });
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState(null);
  const running = useRef(null);

  const update = async (fetching) => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    setBusy(true);
    try {
      const next = await fetching(mine.signal);
      if (mine.signal.aborted) return;
      lists.set(query, next);
      setList(next);
      setError(null);
    } catch (failure) {
      if (mine.signal.aborted) return;
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
    }
    setBusy(false);
  };

  useEffect(() => {
    const before = lists.get(query);
    if (before) setList(before);
    const wanted = Math.max(before?.items.length || 0, shownCount, PAGE_SIZE);
    const limit = Math.min(Math.ceil(wanted / PAGE_SIZE) * PAGE_SIZE, MAX_LIMIT);
    update((signal) => fetchPage(query, limit, signal));
    return () => running.current?.abort();
  }, [query]);

  const loadMore = () =>
    update(async (signal) => {
      const page = await fetchPage(
        `${query}&after=${encodeURIComponent(list.after)}`,
        PAGE_SIZE,
        signal,
      );
      const had = new Set(list.items.map((item) => item.id));
      return {
        items: [...list.items, ...page.items.filter((item) => !had.has(item.id))],
        after: page.after,
      };
    });
  return { ...list, busy, error, loadMore };
}
