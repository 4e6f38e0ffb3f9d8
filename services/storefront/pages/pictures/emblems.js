// Small signs for labels, drawn around the origin in a square of 24: `b` is the accent, `k` the ink.
import { html } from "/vendor/preact/standalone.module.js";

const leaf = html`<path class="k" d="M-9 8C-9-4-1-10 10-9 10 2 4 9-6 8l-4 3z" /><path class="thin" d="M-7 7 5-4" />`;

/** By name. */
export const EMBLEMS = {
  pear: html`<path class="a" d="M0-10c4 0 4 5 5 8 5 5 3 13-5 13s-10-8-5-13c1-3 1-8 5-8z" />
    <path class="line" d="M0-10q0-3 3-4" />`,
  lemon: html`<path class="a" d="M-12 0q3-3 5-5 7-6 14 0 2 2 5 5-3 3-5 5-7 6-14 0-2-2-5-5z" />
    <path class="line" d="M-4-2q4-4 8 0" />`,
  berry: html`<path class="a" d="M0 11c-8-3-11-9-9-14 2-4 7-3 9 0 2-3 7-4 9 0 2 5-1 11-9 14z" />
    <path class="k" d="M0-3c-3-1-5-4-4-8 3 0 4 2 4 3 0-1 1-3 4-3 1 4-1 7-4 8z" />`,
  comb: html`<path class="a" d="M-5-10h7l4 6-4 6h-7l-4-6z" /><path class="b" d="M3 0h6l3 5-3 5H3L0 5z" />
    <path class="k" d="M-7 4h5l2 4-2 4h-5l-2-4z" />`,
  flower: html`${[0, 72, 144, 216, 288].map(
    (turn) =>
      html`<ellipse class="a" cy="-6.5" rx="4.2" ry="5.5" transform=${`rotate(${turn})`} />`,
  )}<circle class="k" r="2.8" />`,
  spiral: html`<path class="line bold" d="M0 1q3-1 2-4t-5-2-4 6 5 7 10-2 0-12-9-9" />`,
  wheat: html`<path class="line" d="M0 12V-8" />${[-8, -3, 2].map(
    (y) =>
      html`<path class="a" d=${`M0 ${y + 5}q-7-1-7-7 6 0 7 7zM0 ${y + 5}q7-1 7-7-6 0-7 7z`} />`,
  )}`,
  leaf,
  bean: html`<ellipse class="k" rx="7" ry="10.5" transform="rotate(28)" />
    <path class="thin" d="M-4 8Q3 3 0-1T4-9" />`,
  star: html`<path class="k" d="M0-11 2.6-3.6 10.5-3.4 4.2 1.4 6.5 8.9 0 4.4-6.5 8.9-4.2 1.4-10.5-3.4-2.6-3.6z" />`,
  drop: html`<path class="k" d="M0-11C4-5 7-1 7 4A7 7 0 0 1-7 4C-7-1-4-5 0-11z" /><path class="thin" d="M-3 5q1 3 3 3" />`,
  chair: html`<path class="k" d="M-8-9h16v10H-8zM-11-3h4v8H7v-8h4V9h-3v3H5V9H-5v3h-3V9h-3z" />`,
  lamp: html`<path class="a" d="M-5-11H5l5 10h-20z" /><path class="k" d="M-1.5-1h3v9H6v3H-6V8h4.5z" />`,
  table: html`<path class="k" d="M-12-5h24v4h-3v12H6V-1H-6v12h-3V-1h-3z" />`,
};
