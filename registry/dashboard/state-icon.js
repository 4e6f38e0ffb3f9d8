// The shape of a state, or of what happened: told apart without colour.

import { html } from "/vendor/preact/standalone.module.js";

const SHAPES = {
  up: html`<circle cx="8" cy="8" r="6.5" />`,
  draining: html`<circle cx="8" cy="8" r="5.75" class="drawn" />
    <path d="M2.25 8a5.75 5.75 0 0 0 11.5 0z" />`,
  suspect: html`<path d="M8 1 15 8 8 15 1 8z" class="drawn" />
    <path d="M8 5v3.5" class="drawn" />
    <circle cx="8" cy="10.6" r="1" />`,
  down: html`<path d="m3 3 10 10M13 3 3 13" class="drawn heavy" />`,
  registered: html`<path d="M8 2v12M2 8h12" class="drawn" />`,
};
const OTHER = html`<path d="M2 8h12" class="drawn" />`;

export function StateIcon({ of }) {
  return html`<svg class="state-icon ${of}" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
    ${SHAPES[of] ?? OTHER}
  </svg>`;
}
