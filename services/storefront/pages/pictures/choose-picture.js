// What a product's picture shows, as it follows from the product alone: the same product always
// looks the same, and no two look alike.
import { EMBLEM_WORDS, SHAPE_WORDS, TONE_WORDS } from "./keywords.js";

const FORMS = ["square", "oval", "arch", "ribbon", "shield"];
const PATTERNS = ["plain", "stripes", "dots", "checks", "waves", "bands"];
const OTHER_SHAPES = ["box", "tin", "bag", "jar", "card"];

/**
 * The picture of a product: `{shape, tone, second, emblem, form, pattern, words, wide, tall, pick}`.
 * Tones are `[lightness, chroma, hue]`; `wide` and `tall` lie between -1 and 1, and `pick(n, salt)`
 * is a whole number below n.
 */
export function choosePicture({ id, name, category, description }) {
  const seed = hash(`${id} ${name} ${category}`);
  const pick = (n, salt) => hash(`${salt} ${seed}`) % n;
  const by = (table, last) => find(table, name, last) ?? find(table, category, last);
  const other = [0.62, 0.11, pick(360, "hue")];
  const tone = by(TONE_WORDS, false) ?? other;
  const shape =
    by(SHAPE_WORDS, true) ??
    find(SHAPE_WORDS, description, false) ??
    OTHER_SHAPES[pick(OTHER_SHAPES.length, "shape")];
  return {
    shape,
    tone,
    // What lies in a jar keeps to the light tones.
    second: secondTone(tone, pick(shape === "jar" ? 3 : 4, "second")),
    emblem: by(EMBLEM_WORDS, true) ?? null,
    form: FORMS[pick(FORMS.length, "form")],
    pattern: PATTERNS[pick(PATTERNS.length, "pattern")],
    words: labelWords(name),
    wide: pick(201, "wide") / 100 - 1,
    tall: pick(201, "tall") / 100 - 1,
    pick,
  };
}

/** What the first, or the `last`, word of the text that stands in the table leads to. */
function find(table, text, last) {
  const words = (text || "").toLowerCase().split(" ");
  const found = (last ? words.reverse() : words).map((word) =>
    table.find(([known]) => known.test(word)),
  );
  return found.find(Boolean)?.[1];
}

function secondTone([, , hue], turn) {
  return [
    [0.88, 0.07, (hue + 40) % 360],
    [0.9, 0.06, 85],
    [0.8, 0.09, (hue + 320) % 360],
    [0.42, 0.06, (hue + 150) % 360],
  ][turn];
}

/** The last three words, in which the thing itself is named; their initials where they are long. */
function labelWords(name) {
  const words = name
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word && !/^(and|of|the|with)$/i.test(word));
  const few = words.slice(-3);
  if (few.length && few.every((word) => word.length <= 11)) return few;
  return [
    few
      .map((word) => [...word][0])
      .join("")
      .toUpperCase() || "?",
  ];
}

/** FNV-1a, 32 bits, stirred once more so that neighbours differ in every bit. */
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
