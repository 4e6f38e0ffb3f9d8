// Opens the shop: draws it, and takes up again whatever was under way when the page was last left.
import { html, render } from "/vendor/preact/standalone.module.js";
import { watchCart } from "./state/cart.js";
import { resumePurchase } from "./state/purchase.js";
import { startRouter } from "./state/router.js";
import { keepSessionFresh } from "./state/session.js";
import { Shop } from "./views/shop.js";

startRouter();
keepSessionFresh();
watchCart();
resumePurchase();
render(html`<${Shop} />`, document.getElementById("shop"));
