// A glass cloche with something baked under it, a garment on its hanger, and a plant pot; as in
// vessels.js.
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

export function garment(look) {
  const long = /jacket|jumper|long|sweater|coat|blouse|tuxedo|shirt|hoodie/.test(look.name);
  const sleeve = long ? "L142 176 120 180 112 112" : "L140 118 118 126 112 112";
  const sleeveBack = long ? "L40 180 18 176" : "L42 126 20 118";
  const open = /jacket|tuxedo|shirt|coat|zip|cardigan/.test(look.name);
  return {
    half: 32,
    body: `M60 66Q80 82 100 66L122 76${sleeve}V188H48V112${sleeveBack}L38 76z`,
    pattern: look.pattern,
    label: null,
    behind: html`<path class="hanger" d="M80 60v-8q10-2 8-11t-14-5M80 60 36 80h88z" />`,
    before: html`${
      open &&
      html`<path class="stroke-deep" d="M80 76V188" />
        ${[100, 122, 144, 166].map((y) => html`<circle class="w" cx="86" cy=${y} r="2.6" />`)}`
    }
      <path class="stroke-deep" d="M60 66Q80 84 100 66" />
      ${look.sign && html`<g transform="translate(64 118) scale(.7)"><rect class="w" x="-12" y="-14" width="24" height="28" rx="2" />${look.sign}</g>`}`,
  };
}

export function pot(look) {
  const half = 40 + look.wide * 6;
  const top = 122 - look.tall * 8;
  const leaves = [-48, -22, 4, 28, 50];
  const length = 56 + look.pick(20, "leaf");
  return {
    half,
    body: `M${80 - half} ${top}H${80 + half}L${80 + half - 12} 196Q${80 + half - 13} 200 ${80 + half - 17} 200H${80 - half + 17}Q${80 - half + 13} 200 ${80 - half + 12} 196z`,
    pattern: look.pattern,
    label: [80 - 24, top + 22, 48, 40],
    behind: html`${leaves.map(
      (
        turn,
        i,
      ) => html`<path class=${i % 2 ? "leaf" : "leaf-deep"} transform=${`rotate(${turn} 80 ${top})`}
        d=${`M80 ${top}q-20-${length / 2} 0-${length}q20 ${length / 2} 0 ${length}z`} />`,
    )}`,
    before: html`<path class="deep" d=${`M${80 - half - 5} ${top - 4}h${half * 2 + 10}v16h-${half * 2 + 10}z`} />`,
  };
}
