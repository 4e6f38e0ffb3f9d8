// Money, counts and times as text. Wherever the pages calculate, money is whole numbers of its
// currency's smallest unit (minor).

import codesByDecimals from "../../core/iso4217.json";

const decimalsOf = new Map(
  Object.entries(codesByDecimals).flatMap(([decimals, codes]) =>
    codes.split(" ").map((code) => [code, Number(decimals)]),
  ),
);
const printers = new Map();

/** How many decimals a currency has. */
export function decimals(currency) {
  return decimalsOf.get(currency);
}

/** An amount of the API, which is in major units, in the smallest unit of its currency. */
export function minorOf(amount, currency) {
  return Math.round(amount * 10 ** decimalsOf.get(currency));
}

/** So many of the smallest unit as an amount of the API, in major units. */
export function amountOf(minor, currency) {
  return minor / 10 ** decimalsOf.get(currency);
}

/** So many of the smallest unit as text: "$1.20", "¥120". The browser knows other decimals for some. */
export function money(minor, currency) {
  if (!printers.has(currency)) {
    const many = decimalsOf.get(currency);
    const digits = { minimumFractionDigits: many, maximumFractionDigits: many };
    printers.set(currency, new Intl.NumberFormat("en", { style: "currency", currency, ...digits }));
  }
  return printers.get(currency).format(amountOf(minor, currency));
}

/** "1 thing", "2 things". */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

const dayAndTime = {
  day: "numeric",
  month: "long",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
};
const thisYear = new Intl.DateTimeFormat("en", dayAndTime);
const anyYear = new Intl.DateTimeFormat("en", { ...dayAndTime, year: "numeric" });
const timeOfDay = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** "November 23 at 14:05" from an RFC 3339 time, with the year if it is not that of `now`. */
export function when(time, now = new Date()) {
  const then = new Date(time);
  const printer = then.getFullYear() === now.getFullYear() ? thisYear : anyYear;
  return printer.format(then);
}

/** "14:05:09" from an RFC 3339 time; if it is not on the day of `day`, with its date. */
export function clockTimeOn(day, time) {
  const sameDay = new Date(day).toDateString() === new Date(time).toDateString();
  return sameDay ? clockTime(time) : when(time);
}

/** "14:05:09" from an RFC 3339 time. */
export function clockTime(time) {
  return timeOfDay.format(new Date(time));
}

/** Seconds as "14:05" (minutes and seconds). */
export function minutesLeft(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
