// Which single words of a product's name, category or description lead to which shape, tone and
// emblem.

export const SHAPE_WORDS = [
  [/\b(bar|soap|nougat)\b/, "bar"],
  [/\b(fudge|creams?|truffles?|pralines?|gift|set|candles?|cups?|pillows?|throw)\b/, "box"],
  [/\b(laces|wheels?|ribbons?|cards?|stickers?|pens?|pencils?|keyring)\b/, "card"],
  [
    /\b(loaf|bread|rolls?|buns?|scones?|croissants?|slices?|cakes?|muffins?|pies?|tarts?|bagels?|bakes?)\b/,
    "cloche",
  ],
  [/\b(tea|shortbread|cocoa|tins?|drinking|chocolate|mints?|sardines|paint|balm|polish)\b/, "tin"],
  [
    /\b(juice|beer|cordial|oil|passata|lemonade|syrup|wine|water|soda|vinegar|sauce|squash|ale|cider|shampoo)\b/,
    "bottle",
  ],
  [
    /\b(beans?|coffee|oats|lentils|flour|rice|sugar|biscuits?|bags?|crisps|nuts?|pasta|muesli|cotton|soil)\b/,
    "bag",
  ],
  [
    /\b(jams?|honey|pickles?|mustard|marmalade|chutney|balls|drops|lemons|custard|jar|preserve|humbugs|butter)\b/,
    "jar",
  ],
  [
    /\b(shirt|top|jacket|jumper|blouse|tee|tuxedo|sweater|hoodie|dress|coat|skirt|apron)s?\b/,
    "garment",
  ],
  [/\b(pots?|plants?|planter|herbs?|watering|trowel|flowers?|garden)\b/, "pot"],
  [/\bsweets?\b/, "jar"],
  [/\bbakery\b/, "cloche"],
  [/\bdrinks?\b/, "bottle"],
  [/\b(pantry|food|grocer(y|ies))\b/, "bag"],
  [/\b(wo)?men\b/, "garment"],
];

export const TONE_WORDS = [
  [/\bliquorice|\bblack|\bcharcoal/, [0.34, 0.02, 330]],
  [/\brhubarb/, [0.72, 0.13, 10]],
  [/\bstrawberry|\bcherry|\btomato|\bred\b|\baniseed/, [0.58, 0.19, 25]],
  [/\braspberr|\bcranberr|\bpink|\brose\b/, [0.68, 0.14, 0]],
  [/\bviolet|\bplum|\blavender|\bpurple|\bblackberr|\bgrape/, [0.52, 0.13, 310]],
  [/\bpear|\belderflower|\blime\b/, [0.83, 0.12, 110]],
  [/\bapple/, [0.74, 0.14, 120]],
  [/\bpickles?|\bmint|\bgreen|\bgarden|\bherb/, [0.62, 0.12, 145]],
  [/\bolive/, [0.5, 0.09, 118]],
  [/\blentil/, [0.5, 0.06, 130]],
  [/\blemon|\byellow|\bbanana/, [0.87, 0.15, 98]],
  [/\bcustard|\bcream|\bvanilla|\bwhite/, [0.9, 0.05, 90]],
  [/\bhoney|\bgold|\bapricot|\bpeach/, [0.77, 0.15, 75]],
  [/\bginger|\borange|\bcarrot|\bcopper|\bpumpkin/, [0.69, 0.15, 58]],
  [/\bmustard/, [0.74, 0.14, 88]],
  [/\bcaramel|\bfudge|\bcinnamon|\bclay|\bterracotta/, [0.64, 0.11, 55]],
  [/\bchocolate|\bcoffee|\bcocoa|\bbrown|\bleather/, [0.4, 0.06, 48]],
  [/\btea\b/, [0.45, 0.1, 28]],
  [/\boats|\bseeded|\bloaf|\bwood|\bshortbread|\bscone|\balmond|\bbiscuit/, [0.76, 0.09, 72]],
  [/\bocean|\bblue|\bdenim|\bsea\b/, [0.55, 0.1, 245]],
  [/\bnavy|\bmidnight/, [0.38, 0.08, 260]],
  [/\bgr[ea]y|\bsilver|\bzipped/, [0.6, 0.015, 260]],
];

export const EMBLEM_WORDS = [
  [/\bpear/, "pear"],
  [/\blemon|\blime\b|\borange|\bcitrus/, "lemon"],
  [/\bstrawberry|\braspberr|\bberr(y|ies)|\bcherry|\btomato|\bapple|\bplum/, "berry"],
  [/\bhoney/, "comb"],
  [/\bviolet|\belderflower|\bflower|\brose|\bfloral|\blavender/, "flower"],
  [/\bwheels?|\bcinnamon|\bswirl/, "spiral"],
  [
    /\boats|\bloaf|\bbread|\brolls?|\bseeded|\bshortbread|\bflour|\bbiscuit|\bmustard|\bbakery/,
    "wheat",
  ],
  [/\btea\b|\bolive|\brhubarb|\bpickle|\blentil|\bmint|\bherb|\bplant|\bgarden/, "leaf"],
  [/\bcoffee|\bbeans?|\bcocoa|\bchocolate|\balmond/, "bean"],
  [/\bginger|\baniseed|\bchil+i|\bspice/, "star"],
  [/\bsalted|\boil|\bwater|\bsherbet|\bsea\b|\bocean/, "drop"],
  [/\bsofa|\bchair|\barmchair|\bbeanbag|\bbed/, "chair"],
  [/\blight|\blamp|\bcandle|\bled\b/, "lamp"],
  [/\bdrawers|\btable|\bfence|\bslats/, "table"],
];
