// The picture of a product, drawn: nothing is loaded for it.
import { html, useMemo } from "/vendor/preact/standalone.module.js";
import { choosePicture } from "./choose-picture.js";
import { cloche } from "./cloche.js";
import { bottle, jar, tin } from "./containers.js";
import { EMBLEMS } from "./emblems.js";
import { garment } from "./garment.js";
import { Label } from "./label.js";
import { bag, bar, box, card } from "./packages.js";
import { PATTERNS } from "./patterns.js";
import { pot } from "./plant-pot.js";

const SHAPES = { jar, bottle, tin, bag, box, bar, card, cloche, garment, pot };
let drawn = 0;

/** A product's picture, 4:5; for the eye withTabLock, its name stands beside it. */
export function Picture({ product }) {
  const { id, name, category, description } = product;
  return useMemo(() => draw(product), [id, name, category, description]);
}

function draw(product) {
  const look = choosePicture(product);
  look.name = product.name.toLowerCase();
  look.category = product.category.toLowerCase();
  look.emblemDrawing = EMBLEMS[look.emblem];
  const form = SHAPES[look.shape](look);
  drawn += 1;
  const clip = `cut-${drawn}`;
  const tones = {
    "--l": look.tone[0],
    "--c": look.tone[1],
    "--h": look.tone[2],
    "--l2": look.second[0],
    "--c2": look.second[1],
    "--h2": look.second[2],
  };
  const labelled = form.square ? { ...look, form: "square" } : look;
  return html`<svg class="picture" viewBox="8 20 144 180" style=${tones} aria-hidden="true" focusable="false">
    <clipPath id=${clip}><path d=${form.body} /></clipPath>
    ${form.behind}
    <path class="a" d=${form.body} />
    <g clip-path=${`url(#${clip})`}>${PATTERNS[form.pattern](look)}</g>
    ${form.label && html`<${Label} look=${labelled} box=${form.label} />`}
    ${form.half && html`<rect class="shade" clip-path=${`url(#${clip})`} x=${80 + form.half * 0.7} width="80" height="200" />`}
    ${form.before}
  </svg>`;
}
