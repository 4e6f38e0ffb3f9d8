// Choosing what the shelf shows: categories, prices, what is in stock, and the order.

import { useStore } from "/shared/state.js";
import { html, useEffect, useState } from "/vendor/preact/standalone.module.js";
import { currency } from "../state/currency.js";
import { categoryQuery, examplePrice, isPrice, SORT_OPTIONS, shelfUrl } from "../state/filters.js";
import { categories, loadCategories } from "../state/products.js";
import { navigate } from "../state/router.js";

export function FilterBar({ filters }) {
  return html`<${Categories} filters=${filters} /><${FilterForm} filters=${filters} />`;
}

function Categories({ filters }) {
  const told = useStore(categories)?.list;
  const query = categoryQuery(filters, useStore(currency));
  useEffect(() => {
    const ending = new AbortController();
    // A view that has gone away asks no more; a refusal here takes nothing from the shelf.
    loadCategories(query, ending.signal).catch(() => {});
    return () => ending.abort();
  }, [query]);
  const total = told?.reduce((sum, one) => sum + one.count, 0);
  const chosen = filters.category;
  // The shelf that one stands at stays, also with nothing on it.
  const isTold = chosen === "" || told?.some((one) => one.name === chosen);
  const all = isTold ? told : told && [...told, { name: chosen, count: 0 }];
  const shelf = (name, count) => html`<li key=${name}>
    <a
      class="tab"
      href=${shelfUrl({ ...filters, category: name })}
      aria-current=${filters.category === name ? "true" : undefined}
      ><span class="tab-name" dir="auto">${name || "Everything"}</span>${" "}<span class="count soft">${count}</span></a
    >
  </li>`;
  return html`<nav class="tabs" aria-label="Shelves">
    <ul>
      ${
        all
          ? [shelf("", total), ...all.map((one) => shelf(one.name, one.count))]
          : html`<li class="tab blank-tab" aria-hidden="true"></li>`
      }
    </ul>
  </nav>`;
}

function FilterForm({ filters }) {
  const change = (changes) => navigate(shelfUrl({ ...filters, ...changes }), { replace: true });
  const narrowed = filters.min || filters.max || filters.stock;
  const [open, setOpen] = useState(Boolean(narrowed || filters.sort !== "id"));
  return html`<form
    class=${`filter-form${open ? " open" : ""}`}
    aria-label="Filters"
    onSubmit=${(event) => event.preventDefault()}
  >
    <button class="button quiet filter-form-toggle" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      Filter and sort
    </button>
    <div class="filter-form-fields">
      <fieldset class="prices">
        <legend>Price</legend>
        <${PriceField} label="Lowest price" placeholder="from" value=${filters.min} onChange=${(min) => change({ min })} />
        <span aria-hidden="true">–</span>
        <${PriceField} label="Highest price" placeholder="to" value=${filters.max} onChange=${(max) => change({ max })} />
      </fieldset>
      <label class="tick">
        <input
          type="checkbox"
          checked=${filters.stock !== ""}
          onChange=${(event) => change({ stock: event.currentTarget.checked ? "1" : "" })}
        />
        In stock only
      </label>
      <div class="sort">
        <label for="sort">Sort by</label>
        <select
          id="sort"
          class="field"
          value=${filters.sort}
          onChange=${(event) => change({ sort: event.currentTarget.value })}
        >
          ${SORT_OPTIONS.map(([key, words]) => html`<option value=${key} selected=${key === filters.sort}>${words}</option>`)}
        </select>
      </div>
      ${
        narrowed &&
        html`<button class="text-button" type="button" onClick=${() => change({ min: "", max: "", stock: "" })}>
        Clear
      </button>`
      }
    </div>
  </form>`;
}

function PriceField({ label, placeholder, value, onChange }) {
  const inCurrency = useStore(currency);
  const [text, setText] = useState(value);
  const isWrong = (price) => price !== "" && !isPrice(price, inCurrency);
  const changed = (event) => {
    const price = event.currentTarget.value.trim();
    setText(price);
    if (!isWrong(price)) onChange(price.replace(",", "."));
  };
  const wrong = inCurrency !== null && isWrong(text);
  return html`<span class="price-field">
    <input class="field count" inputmode="decimal" maxlength="14" aria-label=${label} placeholder=${placeholder}
      aria-invalid=${wrong ? "true" : undefined} value=${value} onChange=${changed} />
    ${wrong && html`<span class="wrong small" role="alert">A price such as ${examplePrice(inCurrency)}</span>`}
  </span>`;
}
