// Starts the page.

import { html, render } from "/vendor/preact/standalone.module.js";
import { App } from "./app.js";

const page = document.getElementById("page");
page.replaceChildren();
render(html`<${App} />`, page);
