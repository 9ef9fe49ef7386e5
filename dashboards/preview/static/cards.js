import { interval, track } from "./bars.js";
import { addressOf } from "./choice.js";
import { colourOf } from "./colours.js";
import { element, replace } from "./elements.js";
import { measure, outside, say, sayMany } from "./format.js";
import { behind, behindDriver } from "./links.js";
import { logoOf, nameOf, titleOf } from "./names.js";
import { drawVerdict } from "./verdict.js";

const FIGURES = [
  { id: "churn_rate", unit: "rate" },
  { id: "recovery_rate", unit: "rate" },
  { id: "amount_recovered", unit: "money", n: "recovery_rate_n" },
  { id: "aggression", unit: "score", range: [0, 1] },
  { id: "empathy", unit: "score", range: [0, 1] },
];
const MORE = [
  { id: "sentiment", unit: "score", range: [-1, 1] },
  { id: "churn_correlation", unit: "correlation", range: [-1, 1] },
  { id: "payment_correlation", unit: "correlation", range: [-1, 1] },
  { id: "nps_predicted", unit: "nps", range: [-100, 100] },
];

/** Figures over engagements whose horizon has passed: until one has, payments and cancellations wait. */
const MATURING = new Set(["churn_rate", "recovery_rate", "amount_recovered"]);

const MOST_REASONS = 3;

function read(row, { id, n }) {
  return { value: row[id], low: row[`${id}_low`] ?? null, high: row[`${id}_high`] ?? null, n: row[n ?? `${id}_n`], inferred: row[`${id}_n_inferred`] ?? 0 };
}

function logo(agency) {
  const place = logoOf(agency);
  return place === null ? null : element("img", { class: "logo", src: place, alt: "" });
}

/** What a figure is, and whether it has too few observations, for who points at it. */
function explained(id, { n, inferred }, smallSample, more = "") {
  return [say(`panel.${id}.description`), n < smallSample ? `(${say("ui.small_sample")})` : "", inferred ? say("ui.inferred", { mono: measure("count", inferred) }) : "", more].filter(Boolean).join(" ");
}

function line(row, each, range, smallSample) {
  const figure = read(row, each);
  const undefinedText = say(MATURING.has(each.id) && !row.recovery_rate_n ? "ui.not_matured" : "ui.undefined");
  const classes = ["row", figure.n < smallSample ? "few" : "", figure.value === null ? "none" : ""];
  return element("div", { class: classes.filter(Boolean).join(" "), title: explained(each.id, figure, smallSample) },
    element("dt", {}, element("a", { href: behind(each.id, row.agency), "data-key": `card-${row.agency}-${each.id}` }, say(`panel.${each.id}.title`))),
    element("dd", {}, element("b", {}, measure(each.unit, figure.value)), track(figure, range),
      element("small", {}, [figure.value === null ? undefinedText : interval(figure, each.unit), `n ${measure("count", figure.n)}${figure.inferred ? ` (mono ${measure("count", figure.inferred)})` : ""}`].filter(Boolean).join(" · "))));
}

/** The reasons that most of an agency's conversations gave. */
function why(row, drivers) {
  const own = (drivers ?? []).filter((each) => each.agency === row.agency).slice(0, MOST_REASONS);
  return element("div", { class: "why" }, element("h4", {}, say("ui.why")), own.length
    ? element("ul", {}, own.map(({ driver, calls, n }) => element("li", {}, element("a", { href: behindDriver(driver, row.agency), "data-key": `why-${row.agency}-${driver}` },
      element("span", {}, say(`driver.${driver}`, {}, driver)), element("b", {}, measure("share", calls / n))))))
    : element("p", { class: "quiet" }, say(drivers ? "ui.no_reasons" : "ui.loading")));
}

function card(row, ranges, drivers, smallSample) {
  const nps = read(row, { id: "nps" });
  const name = nameOf(row.agency);
  return element("article", { class: "card", "data-agency": row.agency, style: { "--agency": colourOf(row.agency) }, "aria-label": name },
    element("header", {}, logo(row.agency), element("h3", { title: titleOf(row.agency) }, name),
      element("a", { class: "count", href: addressOf("/conversations", { agency: row.agency }), "data-key": `card-${row.agency}` }, sayMany("ui.conversations", row.calls, { n: measure("count", row.calls) }))),
    element("a", { class: `hero ${nps.n < smallSample ? "few" : ""}`, href: behind("nps", row.agency), "data-key": `nps-${row.agency}`, title: explained("nps", nps, smallSample, outside(nps) ? say("ui.outside") : "") },
      element("span", { class: "name" }, "NPS"), element("strong", {}, measure("nps", nps.value)),
      element("span", { class: "detail" }, element("span", {}, interval(nps, "nps")), element("span", {}, sayMany("ui.ratings", nps.n, { n: measure("count", nps.n) }))),
      track(nps, [-100, 100])),
    element("dl", {}, FIGURES.map((each) => line(row, each, ranges[each.id], smallSample))),
    why(row, drivers),
    element("details", { class: "more", "data-key": `more-${row.agency}` }, element("summary", {}, say("ui.more_figures")),
      element("dl", {}, MORE.map((each) => line(row, each, each.range, smallSample)))),
    element("a", { class: "train", href: addressOf("/coaching", { agency: row.agency }), "data-key": `train-${row.agency}` }, say("coaching.link")));
}

/** The verdict, and one card an agency: its NPS large, what it brings and costs, how it speaks, and why customers judge so. */
export function drawComparison(place, rows, drivers, { smallSample }) {
  const ranges = Object.fromEntries(FIGURES.map(({ id, range, unit }) => {
    if (range) return [id, range];
    const tops = rows.map((row) => row[`${id}_high`] ?? row[id] ?? 0);
    return [id, [0, Math.max(...tops, unit === "rate" ? 0.05 : 1) * 1.08]];
  }));
  replace(place, drawVerdict(rows, smallSample), element("div", { class: "cards" }, rows.map((row) => card(row, ranges, drivers, smallSample))));
}
