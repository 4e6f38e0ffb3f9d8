// A garment on its hanger; as in containers.js.
import { html } from "/vendor/preact/standalone.module.js";

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
      ${look.emblemDrawing && html`<g transform="translate(64 118) scale(.7)"><rect class="w" x="-12" y="-14" width="24" height="28" rx="2" />${look.emblemDrawing}</g>`}`,
  };
}
