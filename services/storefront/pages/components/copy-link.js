// A button that copies an address in the shop.

import { html, useState } from "/vendor/preact/standalone.module.js";
import { announce } from "../state/announce.js";

export function CopyLink({ path, name }) {
  const [copied, setCopied] = useState(false);
  const url = new URL(path, location.origin).href;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
      announce(`The link to ${name} is copied.`);
    } catch {
      window.prompt(`The link to ${name}:`, url);
    }
  };
  return html`<button class="text-button" type="button" onClick=${copy}>${copied ? "Link copied" : "Copy the link"}</button>`;
}
