// A label: a piece of paper with the product's emblem and name on it.
import { html } from "/vendor/preact/standalone.module.js";
import { EMBLEMS } from "./emblems.js";

const OUTLINES = {
  square: (w, h) => `M${-w} ${-h}H${w}V${h}H${-w}z`,
  oval: (w, h) => `M${-w} 0A${w} ${h} 0 0 1 ${w} 0A${w} ${h} 0 0 1 ${-w} 0z`,
  arch: (w, h) => `M${-w} ${h}V${-h + 12}Q${-w} ${-h} 0 ${-h}T${w} ${-h + 12}V${h}z`,
  ribbon: (w, h) => `M${-w} ${-h + 5}h4v-5H${w - 4}v5h4V${h - 5}h-4v5H${-w + 4}v-5h-4z`,
  shield: (w, h) => `M${-w} ${-h}H${w}V${h * 0.4}Q${w} ${h} 0 ${h}T${-w} ${h * 0.4}z`,
};

/** The label in the middle of a box `[x, y, width, height]`. */
export function Label({ look, box: [x, y, width, height] }) {
  const w = width / 2;
  const h = height / 2;
  // A form that narrows leaves its text less room.
  const room = width * { oval: 0.78, shield: 0.86, arch: 0.92 }[look.form] || width * 0.9;
  const roomy = height >= 44;
  const emblem = EMBLEMS[look.emblem];
  const most = roomy ? (emblem ? 2 : 3) : 1;
  const lines = look.words.slice(-most);
  const longest = Math.max(...lines.map((line) => line.length), 4);
  const size = Math.min(
    lines.length === 1 && longest === 4 && !emblem ? 22 : 13,
    room / (longest * 0.68),
  );
  const line = size * 1.12;
  const emblemHeight = emblem && roomy ? 22 : 0;
  const top = -(emblemHeight + lines.length * line) / 2;
  return html`<g transform=${`translate(${x + w} ${y + h})`}>
    <path class="w" d=${OUTLINES[look.form](w, h)} />
    <path class="frame" d=${OUTLINES[look.form](w - 3, h - 3)} />
    ${emblemHeight > 0 && html`<g transform=${`translate(0 ${top + 10}) scale(.82)`}>${emblem}</g>`}
    ${lines.map(
      (text, i) => html`<text
        class="lettering"
        y=${top + emblemHeight + line * (i + 0.8)}
        font-size=${size.toFixed(1)}
      >${text}</text>`,
    )}
  </g>`;
}
