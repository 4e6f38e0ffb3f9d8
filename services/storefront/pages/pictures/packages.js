// Bag, box, bar and card; as in containers.js.
import { html } from "/vendor/preact/standalone.module.js";

export function bag(look) {
  const half = 43 + look.wide * 6;
  const top = 62 - look.tall * 14;
  const [l, r] = [80 - half, 80 + half];
  const cut = `l${(half - 2) / 8} -5l${(half - 2) / 8} 5`.repeat(8);
  const folded = look.pick(2, "bag");
  return {
    half,
    body: `M${l + 2} ${top}${folded ? `H${r - 2}` : cut}L${r} ${top + 34}V196Q${r} 200 ${r - 4} 200H${l + 4}Q${l} 200 ${l} 196V${top + 34}z`,
    pattern: look.pattern,
    label: [l + 12, top + 50, half * 2 - 24, Math.min(78, 138 - top + 12)],
    before: html`
      <path class="shade" d=${`M${l} ${top + 34}l9 14V200H${l + 4}q-4 0-4-4z`} />
      ${
        folded
          ? html`<path class="deep" d=${`M${l - 1} ${top - 16}H${r + 1}L${r - 1} ${top + 10}H${l + 1}z`} />
            <rect class="metal" x=${r - 26} y=${top - 20} width="9" height="30" rx="3" />`
          : html`<path class="stroke-deep" d=${`M${l + 1} ${top + 18}H${r - 1}`} /><circle class="w" cx="80" cy=${top + 18} r="7" />`
      }
    `,
  };
}

export function box(look) {
  const half = 50 + look.wide * 6;
  const top = 104 - look.tall * 20;
  const [l, r] = [80 - half, 80 + half];
  const tied = look.pick(2, "box");
  return {
    half,
    body: `M${l} ${top}H${r}V200H${l}z`,
    pattern: look.pattern,
    label: [80 - 36, top + 30, 72, Math.min(64, 160 - top)],
    before: html`
      <path class="deep" d=${`M${l - 4} ${top - 8}H${r + 4}V${top + 16}H${l - 4}z`} />
      <path class="pale" d=${`M${l + 8} ${top - 20}H${r - 8}L${r + 4} ${top - 8}H${l - 4}z`} />
      ${
        tied === 1 &&
        html`<path class="b" d=${`M75 ${top - 20}h10v36H75z`} />
        <path class="b" d=${`M80 ${top - 20}c-6-18-26-18-24-6 1 7 14 8 24 6 10 2 23 1 24-6 2-12-18-12-24 6z`} />
        <circle class="deep" cx="80" cy=${top - 20} r="5" />`
      }
    `,
  };
}

export function bar(look) {
  const half = 33 + look.wide * 3;
  const top = 44 - look.tall * 10;
  const l = 80 - half;
  const squares = [0, 1].flatMap((row) =>
    [0, 1, 2].map((col) => [l + 3 + col * ((half * 2 - 4) / 3), top - 8 + row * 18]),
  );
  return {
    half,
    body: `M${l - 3} ${top + 34}l8-7 8 6 9-7 9 6 8-7 9 6 9-6 7 5V200H${l - 3}z`,
    pattern: look.pattern,
    label: [l + 3, top + 62, half * 2 - 6, 70],
    behind: html`
      <rect class="choc" x=${l} y=${top - 11} width=${half * 2} height="80" rx="4" />
      ${squares.map(([x, y]) => html`<rect class="choc-light" x=${x} y=${y} width=${(half * 2 - 10) / 3} height="14" rx="2" />`)}
      <path class="metal" d=${`M${l - 2} ${top + 22}l10-5 12 6 12-6 10 5 12-6 12 5 ${half * 2 - 66} 0V60H${l - 2}z`} />
    `,
  };
}

export function card(look) {
  const half = 48 + look.wide * 5;
  const top = 54 - look.tall * 12;
  const [l, r] = [80 - half, 80 + half];
  return {
    half,
    body: `M${l} ${top + 60}H${r}V194Q${r} 200 ${r - 6} 200H${l + 6}Q${l} 200 ${l} 194z`,
    pattern: look.pattern === "plain" ? "waves" : look.pattern,
    label: [l - 2, top, half * 2 + 4, 60],
    square: true,
    behind: html`<path class="deep" d=${`M${l - 5} ${top - 22}H${r + 5}V${top + 64}H${l - 5}z`} />
      <rect class="hole" x="68" y=${top - 15} width="24" height="8" rx="4" />`,
  };
}
