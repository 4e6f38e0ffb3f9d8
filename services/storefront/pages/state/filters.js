// What the shelf's address says is wanted, and how the API is asked for it.

export const SORT_OPTIONS = [
  ["id", "As on the shelves"],
  ["name", "Name"],
  ["price", "Lowest price"],
  ["-price", "Highest price"],
  ["newest", "Newest"],
];

const PRICE = /^\d{1,7}([.,]\d{1,2})?$/;

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

/** The same filters as the API's own query. */
export function apiQuery({ q, category, min, max, stock, sort }) {
  const parameters = new URLSearchParams();
  if (q.trim()) parameters.set("q", q.trim().slice(0, 200));
  if (category) parameters.set("category", category.slice(0, 200));
  if (isPrice(min)) parameters.set("min_price", normalPrice(min));
  if (isPrice(max)) parameters.set("max_price", normalPrice(max));
  if (stock) parameters.set("in_stock", "true");
  if (sort !== "id") parameters.set("sort", sort);
  return parameters.toString();
}

/** The same filters as the query that counts what each category has of them. */
export function categoryQuery(filters) {
  return apiQuery({ ...filters, category: "", sort: "id" });
}

/** Whether the text is a price that can be asked for. */
export function isPrice(text) {
  return PRICE.test(text) && Number(normalPrice(text)) <= 1_000_000;
}

function normalPrice(text) {
  return String(Number(text.replace(",", ".")));
}
