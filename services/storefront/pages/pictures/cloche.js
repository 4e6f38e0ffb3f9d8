// A glass cloche with something baked under it; as in containers.js.
import { html } from "/vendor/preact/standalone.module.js";

const BAKES = [
  [
    /loaf|bread/,
    () => html`<path class="a" d="M34 172q-6-34 46-34t46 34q0 8-8 8H42q-8 0-8-8z" />
    <path class="stroke-pale" d="M54 148l8 14M74 143l8 14M94 144l8 14" />`,
  ],
  [
    /roll|bagel/,
    () => html`<ellipse class="a" cx="58" cy="163" rx="24" ry="18" /><ellipse class="a" cx="104" cy="163" rx="24" ry="18" />
    <ellipse class="pale" cx="81" cy="149" rx="25" ry="18" />
    <path class="seeds" d="M70 143h1M80 138h1M90 144h1M84 150h1M73 152h1M95 152h1M52 156h1M108 158h1M60 162h1M102 166h1" />`,
  ],
  [
    /bun|swirl|cinnamon/,
    () => html`<circle class="a" cx="80" cy="146" r="35" />
    <path class="stroke-choc" d="M80 148q8-3 4-11t-16-2-6 22 24 10 18-32-36-14-22 34" />
    <path class="icing" d="M52 140q12-10 22-2t20-6 14 6" />`,
  ],
  [
    /croissant|pain/,
    () => html`<path class="a" d="M28 174q0-42 52-44 52 2 52 44-8 4-16-4-10-14-36-14t-36 14q-8 8-16 4z" />
    <path class="stroke-deep" d="M48 144l6 18M70 133l3 22M90 133l-3 22M112 144l-6 18" />`,
  ],
  [
    /slice|cake/,
    () => html`<path class="pale" d="M36 140h88v12H36z" /><path class="a" d="M36 150h88v30H36z" />
    <path class="stroke-deep" d="M36 164h88" /><path class="w" d="M36 136h88v9q-7 7-11 0t-11 3-11-3-11 5-11-4-11 3-11-3-11-1z" />`,
  ],
  [
    /./,
    () => html`<path class="a" d="M44 150h72l-5 30H49z" /><path class="pale" d="M42 152q-4-24 38-24t38 24q-8 7-16 0t-15 2-15-2-15 2-15-2z" />
    <path class="stroke-deep" d="M48 164q32 6 64 0" />`,
  ],
];

export function cloche(look) {
  const bake = BAKES.find(([words]) => words.test(look.name))[1];
  const high = 72 - look.tall * 12;
  return {
    body: "M10 184H150L143 192H94V195H106V200H54V195H66V192H17z",
    pattern: "plain",
    label: null,
    behind: html`<g transform="translate(0 4)">${bake()}</g>`,
    before: html`<path class="metal" d="M10 184H150L143 192H94V195H106V200H54V195H66V192H17z" /><path class="shade" d="M17 189H146L143 192H94V195H66V192H17z" />
      <path class="dome" d=${`M20 184V140Q20 ${high} 80 ${high}T140 140V184z`} />
      <path class="shine" d=${`M33 160V142Q36 ${high + 24} 60 ${high + 13}`} />
      <circle class="deep" cx="80" cy=${high - 7} r="8" />`,
  };
}
