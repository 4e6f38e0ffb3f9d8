// Jar, bottle and tin: `body` is the outline that is filled and printed on, `label` the place for the
// label, `behind` and `before` what is drawn under and over the body. The shelf is at y = 200.
import { html } from "/vendor/preact/standalone.module.js";

export function jar(look) {
  const half = 42 + look.wide * 6;
  const top = 66 - look.tall * 12;
  const [l, r] = [80 - half, 80 + half];
  const sweets = look.category === "sweets";
  const lid = sweets ? 1 + look.pick(2, "lid") : look.pick(3, "lid");
  return {
    half,
    body: `M${l + 8} ${top}H${r - 8}Q${r} ${top + 4} ${r} ${top + 16}V190Q${r} 200 ${r - 10} 200H${l + 10}Q${l} 200 ${l} 190V${top + 16}Q${l} ${top + 4} ${l + 8} ${top}z`,
    pattern: sweets ? "sweets" : "plain",
    label: [80 - half + 9, top + 42, half * 2 - 18, 66],
    before: html`
      <path class="glass" d=${`M${l + 8} ${top}H${r - 8}Q${r} ${top + 4} ${r} ${top + 16}V${top + 20}H${l}V${top + 16}Q${l} ${top + 4} ${l + 8} ${top}z`} />
      ${
        lid === 0
          ? html`<path class="b" d=${`M${l + 2} ${top + 6}q${half / 2} -10 ${half - 2} -10t${half - 2} 10l4 12q-6 5-11 0t-11 0-11 0-11 0-11 0-11 0-11 0-9 0z`} />
            <path class="b" d=${`M${l + 6} ${top - 2}q2-16 ${half - 6}-16t${half - 6} 16z`} />
            <path class="stroke-deep" d=${`M${l + 4} ${top + 1}q${half - 4} 7 ${half * 2 - 8} 0`} />`
          : html`<rect class=${lid === 1 ? "deep" : "metal"} x=${l + 4} y=${top - 16} width=${half * 2 - 8} height="18" rx="4" />
            <path class="shade" d=${`M${l + 4} ${top - 4}h${half * 2 - 8}v3h-${half * 2 - 8}z`} />`
      }
    `,
  };
}

export function bottle(look) {
  const kind = look.pick(3, "bottle");
  const half = [30, 33, 27][kind] + look.wide * 4;
  const neck = [9, 11, 10][kind];
  const top = 46 - look.tall * 8;
  const shoulder = top + [52, 36, 60][kind];
  const [l, r] = [80 - half, 80 + half];
  const bend = kind === 1 ? shoulder - 6 : shoulder - 26;
  return {
    half,
    body: `M${80 - neck} ${top}H${80 + neck}V${bend}Q${80 + neck} ${shoulder - 8} ${r - 8} ${shoulder + 4}Q${r} ${shoulder + 10} ${r} ${shoulder + 22}V192Q${r} 200 ${r - 8} 200H${l + 8}Q${l} 200 ${l} 192V${shoulder + 22}Q${l} ${shoulder + 10} ${l + 8} ${shoulder + 4}Q${80 - neck} ${shoulder - 8} ${80 - neck} ${bend}z`,
    pattern: "plain",
    label: [l + 1, Math.max(shoulder + 26, 108), half * 2 - 2, 182 - Math.max(shoulder + 26, 108)],
    square: true,
    before: html`<rect class=${["second-lid", "deep", "metal"][kind]} x=${80 - neck - 2} y=${top - 12} width=${neck * 2 + 4} height="16" rx="3" />
      ${kind !== 2 && html`<rect class="w" x=${80 - neck} y=${top + 16} width=${neck * 2} height="8" />`}`,
  };
}

export function tin(look) {
  const half = 46 + look.wide * 6;
  const top = 82 - look.tall * 18;
  const [l, r] = [80 - half, 80 + half];
  const round = look.pick(2, "tin");
  const lid = round ? 9 : 0;
  return {
    half,
    body: `M${l} ${top}H${r}V${200 - lid / 2}Q80 ${200 + lid} ${l} ${200 - lid / 2}z`,
    pattern: look.pattern === "plain" ? "bands" : look.pattern,
    label: [l + 13, top + 24, half * 2 - 26, Math.min(80, 168 - top)],
    before: html`
      <path class="deep" d=${`M${l - 3} ${top - 16}H${r + 3}V${top + 3}Q80 ${top + 3 + lid} ${l - 3} ${top + 3}z`} />
      <path class="pale" d=${`M${l - 3} ${top - 16}q${half + 3} ${-lid - 5} ${half * 2 + 6} 0q${-half - 3} ${lid} ${-half * 2 - 6} 0z`} />
      ${!round && html`<rect class="deep" x="66" y=${top - 25} width="28" height="8" rx="4" />`}
    `,
  };
}
