// A plant in its pot; as in containers.js.
import { html } from "/vendor/preact/standalone.module.js";

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
