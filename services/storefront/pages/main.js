// Opens the shop: draws it, and takes up again whatever was under way when the page was last left.
import { html, render } from "/vendor/preact/standalone.module.js";
import { watchCart } from "./flow/cart.js";
import { watchPlace } from "./flow/place.js";
import { carryOn } from "./flow/purchase.js";
import { keepSession } from "./flow/session.js";
import { Shop } from "./views/shop.js";

watchPlace();
keepSession();
watchCart();
carryOn();
render(html`<${Shop} />`, document.getElementById("shop"));
