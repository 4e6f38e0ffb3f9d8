// What is printed on, or seen through, the body of a picture; the caller cuts it to the body's form.
import { html } from "/vendor/preact/standalone.module.js";

function steps(from, to, step) {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
}

/** By name: what fills the whole 160 × 200 in the second tone. */
export const PATTERNS = {
  plain: () => null,
  stripes: (look) =>
    steps(look.pick(12, "shift"), 160, 18).map(
      (x) => html`<rect class="b" x=${x} width=${7 + look.pick(4, "stripe")} height="200" />`,
    ),
  bands: () =>
    html`<path class="b" d="M0 96h160v7H0zM0 108h160v3H0zM0 168h160v7H0zM0 161h160v3H0z" />`,
  dots: (look) =>
    steps(6, 200, 16).map((y, row) =>
      steps(row % 2 ? 4 : 12, 160, 16).map(
        (x) => html`<circle class="b" cx=${x} cy=${y} r=${2.5 + look.pick(3, "dot") * 0.8} />`,
      ),
    ),
  checks: () => [
    steps(4, 160, 20).map((x) => html`<rect class="b half" x=${x} width="10" height="200" />`),
    steps(4, 200, 20).map((y) => html`<rect class="b half" y=${y} width="160" height="10" />`),
  ],
  waves: () =>
    steps(8, 210, 16).map(
      (y) =>
        html`<path class="stroke-b" d=${`M-4 ${y}q10-9 20 0t20 0 20 0 20 0 20 0 20 0 20 0 20 0 20 0`} />`,
    ),
  /** Sweets in a jar. */
  sweets: (look) =>
    steps(74, 204, 13).map((y, row) =>
      steps(row % 2 ? 22 : 30, 150, 15).map((x, i) => {
        const turn = look.pick(180, `${row} ${i}`);
        return html`<ellipse
          class=${["b", "pale", "deep"][look.pick(3, `tone ${row} ${i}`)]}
          cx=${x} cy=${y} rx="7.5" ry=${look.pick(2, "round") ? 7.2 : 5.2}
          transform=${`rotate(${turn} ${x} ${y})`} />`;
      }),
    ),
};
