// The whole page: header, the view that the address names, the cart over it.

import { useStore } from "/shared/state.js";
import { html } from "/vendor/preact/standalone.module.js";
import { Header } from "../components/header.js";
import { EmptyState, Notices } from "../components/notices.js";
import { route, useRouteArrival } from "../state/router.js";
import { CartDrawer } from "./cart-drawer.js";
import { CheckoutView } from "./checkout.js";
import { OrderView } from "./order.js";
import { OrdersView } from "./orders.js";
import { ProductView } from "./product.js";
import { ReceiptView } from "./receipt.js";
import { ShelfView } from "./shelf.js";
import { ThanksView } from "./thanks.js";

const VIEWS = [
  [/^\/$/, ShelfView],
  [/^\/products\/(\d{1,18})$/, ProductView],
  [/^\/checkout$/, CheckoutView],
  [/^\/orders$/, OrdersView],
  [/^\/orders\/([\w-]{1,64})\/thanks$/, ThanksView],
  [/^\/orders\/([\w-]{1,64})$/, OrderView],
  [/^\/receipt\/([\w-]{1,64})$/, ReceiptView],
];

export function Shop() {
  const { path, cartOpen } = useStore(route);
  const [View, id] = viewAt(path);
  return html`<${Header} />
    <main id="main" tabindex="-1"><${View} key=${path} id=${id} /></main>
    <footer class="footer small soft"><p>Tuckshop. Open all hours.</p></footer>
    ${cartOpen ? html`<${CartDrawer} />` : html`<${Notices} />`}`;
}

function viewAt(path) {
  for (const [pattern, View] of VIEWS) {
    const found = pattern.exec(path);
    if (found) return [View, found[1]];
  }
  return [NotFoundView];
}

function NotFoundView() {
  useRouteArrival(true, "No such page");
  return html`<h1 tabindex="-1">No such page</h1>
    <${EmptyState} title="This shelf does not exist">
      <p>The link is old, or cut short.</p>
      <p><a class="button" href="/">To the shelves</a></p>
    <//>`;
}
