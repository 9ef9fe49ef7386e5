let language = "it";
let words = {};
let zone = "Europe/Rome";
let currency = "EUR";

/** Sets the language of every number, date and text, the time zone and the currency, from now on. */
export function speak(newLanguage, newWords, newZone = zone, newCurrency = currency) {
  language = newLanguage;
  words = newWords;
  zone = newZone;
  currency = newCurrency;
}

/** Sets the time zone of every time, from now on. */
export function useZone(newZone) {
  zone = newZone;
}

/** A text by key, its {places} filled; `fallback` where there is none by that key. */
export function say(key, places = {}, fallback = key) {
  const text = words[key] ?? fallback;
  return text.replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
}

/** A text with a count, in the singular where `count` is shown as one. */
export function sayMany(key, count, places = {}) {
  const rules = new Intl.PluralRules(language, { maximumFractionDigits: 0 });
  const one = rules.select(Math.round(count)) === "one" && `${key}.one` in words;
  return say(one ? `${key}.one` : key, places);
}

const number = (value, options) => new Intl.NumberFormat(language, options).format(value).replace("-", "−");

const amount = (value, digits, of) =>
  number(value, { style: "currency", currency: of, minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: "always" });

/** A value in its unit, or a dash where it is undefined; an amount in the currency of all sums, or in its own. */
export function measure(unit, value, of = currency) {
  if (value === null || value === undefined) return "–";
  switch (unit) {
    case "nps":
      return number(Math.round(value) || 0, { signDisplay: "exceptZero", maximumFractionDigits: 0 });
    case "fine_nps":
      return number(Math.round(10 * value) / 10 || 0, { signDisplay: "exceptZero", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    case "rate":
      return number(value, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    case "share":
      return number(value, { style: "percent", maximumFractionDigits: 0 });
    case "money":
      return amount(value, 0, of);
    case "cents":
      return amount(value, 2, of);
    case "correlation":
      return number(value, { signDisplay: "exceptZero", minimumFractionDigits: 2, maximumFractionDigits: 2 });
    case "score":
      return number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    case "fine_score":
      return number(value, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
    case "count":
      return number(value, { maximumFractionDigits: 0, useGrouping: "always" });
    default:
      throw new RangeError(`no unit ${unit}`);
  }
}

const dated = (iso, options) =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone: zone, ...options }).format(new Date(iso));

/** Whether a figure lies outside its own interval, as an NPS of a single rating does. */
export const outside = ({ value, low, high }) =>
  value !== null && typeof low === "number" && (value < low || value > high);

/** Day and time of an instant, in the client company's time zone. */
export const dayAndTime = (iso) => dated(iso, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** Day and time without the year, in the client company's time zone. */
export const shortTime = (iso) => dated(iso, { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });

const UNITS = [["days", 86_400], ["hours", 3_600], ["minutes", 60], ["seconds", 1]];

/** How long ago something was, in its largest unit. */
export function age(seconds) {
  const [unit, length] = UNITS.find(([, each]) => seconds >= each) ?? UNITS.at(-1);
  const n = Math.floor(seconds / length);
  return sayMany(`age.${unit}`, n, { n: measure("count", n) });
}

/** A segment as its dimension and value in words. */
export function segmentName(segment) {
  const at = segment.indexOf("=");
  if (at < 0) return say(`segment.${segment}`, {}, segment);
  const value = segment.slice(at + 1);
  return `${say(`segment.${segment.slice(0, at)}`, {}, segment.slice(0, at))}: ${say(`value.${value}`, {}, value)}`;
}

/** The day of an instant, in the client company's time zone. */
export const day = (iso) => dated(iso, { day: "numeric", month: "short" });

/** How long something took, in words. */
export function duration(seconds) {
  const [unit, length] = UNITS.find(([, each]) => seconds >= each) ?? UNITS.at(-1);
  const n = Math.round(seconds / length);
  return sayMany(`duration.${unit}`, n, { n: measure("count", n) });
}

const fields = (iso) => Object.fromEntries(new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
}).formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));

/** An instant as a clock on the client company's wall shows it: YYYY-MM-DDTHH:MM. */
export function wallTime(iso) {
  const { year, month, day: date, hour, minute } = fields(iso);
  return `${year}-${month}-${date}T${hour}:${minute}`;
}

/** The instant at which that clock shows it; of an hour that comes twice, the first; of one that is left out, as if it were not. */
export function instantOf(wall) {
  const asUtc = new Date(`${wall}:00Z`).getTime();
  const shift = (at) => new Date(`${wallTime(new Date(at).toISOString())}:00Z`).getTime() - at;
  const instants = [-86_400_000, 86_400_000].map((day) => new Date(asUtc - shift(asUtc + day)).toISOString());
  return (instants.find((iso) => wallTime(iso) === wall) ?? instants[0]).replace(".000Z", "+00:00");
}

/** Decimal and thousands separators for Plotly. */
export const separators = () => (language === "it" ? ",." : ".,");

/** Date format of an axis for Plotly. */
export const axisDate = () => (language === "it" ? "%d/%m" : "%d %b");
