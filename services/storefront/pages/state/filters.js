// What the shelf's address says is wanted, and how the API is asked for it.
import { decimals, minorOf } from "/shared/format.js";

export const SORT_OPTIONS = [
  ["id", "As on the shelves"],
  ["name", "Name"],
  ["price", "Lowest price"],
  ["-price", "Highest price"],
  ["newest", "Newest"],
];

const LARGEST_PRICE = 10 ** 10; // in the currency's smallest unit, as the API has it

/** The filters in an address's query: all text, "" where nothing is asked for. */
export function parseFilters(query) {
  const parameters = new URLSearchParams(query);
  const get = (name) => parameters.get(name) || "";
  const sort = SORT_OPTIONS.some(([key]) => key === get("sort")) ? get("sort") : "id";
  return {
    q: get("q"),
    category: get("category"),
    min: get("min"),
    max: get("max"),
    stock: get("stock"),
    sort,
  };
}

/** The address of the shelf with these filters. */
export function shelfUrl(filters) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value && !(name === "sort" && value === "id")) parameters.set(name, value);
  }
  const query = parameters.toString();
  return query ? `/?${query}` : "/";
}

/** The same filters as the API's own query; prices are left out while no `currency` is known. */
export function apiQuery({ q, category, min, max, stock, sort }, currency) {
  const parameters = new URLSearchParams();
  if (q.trim()) parameters.set("q", q.trim().slice(0, 200));
  if (category) parameters.set("category", category.slice(0, 200));
  if (isPrice(min, currency)) parameters.set("min_price", normalPrice(min));
  if (isPrice(max, currency)) parameters.set("max_price", normalPrice(max));
  if (stock) parameters.set("in_stock", "true");
  if (sort !== "id") parameters.set("sort", sort);
  return parameters.toString();
}

/** The same filters as the query that counts what each category has of them. */
export function categoryQuery(filters, currency) {
  return apiQuery({ ...filters, category: "", sort: "id" }, currency);
}

/** Whether the text is a price that can be asked for in a currency. */
export function isPrice(text, currency) {
  if (currency === null) return false;
  const fraction = decimals(currency) ? `([.,]\\d{1,${decimals(currency)}})?` : "";
  const isNumber = new RegExp(`^\\d{1,11}${fraction}$`).test(text);
  return isNumber && minorOf(normalPrice(text), currency) <= LARGEST_PRICE;
}

/** A price as one may write it. */
export function examplePrice(currency) {
  return decimals(currency) ? `2 or ${(2.5).toFixed(decimals(currency))}` : "250";
}

function normalPrice(text) {
  return String(Number(text.replace(",", ".")));
}
