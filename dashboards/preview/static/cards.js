import { colourOf } from "./colours.js";
import { element } from "./elements.js";
import { measure, outside, say, sayMany } from "./format.js";
import { logoOf, nameOf, titleOf } from "./names.js";

const FIGURES = [
  { id: "aggression", unit: "score", range: [0, 1] },
  { id: "empathy", unit: "score", range: [0, 1] },
  { id: "sentiment", unit: "score", range: [-1, 1] },
  { id: "churn_rate", unit: "rate" },
  { id: "recovery_rate", unit: "rate" },
  { id: "amount_recovered", unit: "money", n: "recovery_rate_n" },
  { id: "churn_correlation", unit: "correlation", range: [-1, 1] },
  { id: "payment_correlation", unit: "correlation", range: [-1, 1] },
];

/** Figures over engagements whose horizon has passed: until one has, payments and cancellations wait. */
const MATURING = new Set(["churn_rate", "recovery_rate", "amount_recovered"]);

const percent = (value, [low, high]) => `${Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100))}%`;

/** A line with the figure's place on it, and its interval where it has one. */
function track(figure, range) {
  const { value, low, high } = figure;
  const line = element("span", { class: "track" });
  if (range[0] < 0) line.append(element("i", { class: "zero", style: { left: percent(0, range) } }));
  if (value === null) return line;
  const origin = range[0] < 0 ? 0 : range[0];
  const [from, to] = value < origin ? [value, origin] : [origin, value];
  if (low === null) {
    line.append(element("i", { class: "bar", style: { left: percent(from, range), right: `calc(100% - ${percent(to, range)})` } }));
  } else {
    line.append(element("i", { class: "whisker", style: { left: percent(low, range), right: `calc(100% - ${percent(high, range)})` } }));
  }
  line.append(element("i", { class: "point", style: { left: percent(value, range) } }));
  return line;
}

function read(row, { id, n }) {
  return { value: row[id], low: row[`${id}_low`] ?? null, high: row[`${id}_high`] ?? null, n: row[n ?? `${id}_n`], inferred: row[`${id}_n_inferred`] ?? 0 };
}

function interval(figure, unit) {
  if (figure.low === null) return "";
  if (outside(figure)) return say("ui.too_few");
  return `${measure(unit, figure.low)} … ${measure(unit, figure.high)}`;
}

function logo(agency) {
  const place = logoOf(agency);
  return place === null ? null : element("img", { class: "logo", src: place, alt: "" });
}

/** One card an agency: the NPS large, the other figures in rows that line up across cards. */
export function drawComparison(place, rows, { smallSample }) {
  const ranges = Object.fromEntries(
    FIGURES.map(({ id, range, unit, n }) => {
      if (range) return [id, range];
      const tops = rows.map((row) => row[`${id}_high`] ?? row[id] ?? 0);
      return [id, [0, Math.max(...tops, unit === "rate" ? 0.05 : 1) * 1.08]];
    }),
  );
  const cards = rows.map((row) => {
    const nps = read(row, { id: "nps" });
    const few = nps.n < smallSample;
    const predicted = row.nps_predicted === null ? null : element(
      "p", { class: "predicted", title: say("panel.nps_predicted.description") },
      `${say("panel.nps_predicted.title")} ${measure("nps", row.nps_predicted)} · n ${measure("count", row.nps_predicted_n)}`,
    );
    return element(
      "article", { class: "card", "data-agency": row.agency, style: { "--agency": colourOf(row.agency) } },
      element("header", {}, logo(row.agency), element("h3", { title: titleOf(row.agency) }, nameOf(row.agency)), element("span", {}, sayMany("ui.conversations", row.calls, { n: measure("count", row.calls) }))),
      element(
        "div", { class: `hero ${few ? "few" : ""}`, title: `${say("panel.nps.description")}${few ? ` (${say("ui.small_sample")})` : ""}${outside(nps) ? ` ${say("ui.outside")}` : ""}` },
        element("span", { class: "name" }, "NPS"),
        element("strong", {}, measure("nps", nps.value)),
        element("span", { class: "detail" }, element("span", {}, interval(nps, "nps")), element("span", {}, sayMany("ui.ratings", nps.n, { n: measure("count", nps.n) }))),
        track(nps, [-100, 100]),
      ),
      predicted ?? element("p", { class: "predicted" }, " "),
      element("dl", {}, FIGURES.map((each) => {
        const figure = read(row, each);
        const inferred = figure.inferred ? ` ${say("ui.inferred", { mono: measure("count", figure.inferred) })}` : "";
        const classes = ["row", figure.n < smallSample ? "few" : "", figure.value === null ? "none" : ""];
        return element(
          "div", { class: classes.join(" "), title: `${say(`panel.${each.id}.description`)}${figure.n < smallSample ? ` (${say("ui.small_sample")})` : ""}${inferred}` },
          element("dt", {}, say(`panel.${each.id}.title`)),
          element("dd", {}, element("b", {}, measure(each.unit, figure.value)), track(figure, ranges[each.id]),
            element("small", {}, figure.value === null ? say(MATURING.has(each.id) && !row.recovery_rate_n ? "ui.not_matured" : "ui.undefined") : interval(figure, each.unit)),
            element("small", { class: "n" }, `n ${measure("count", figure.n)}`, figure.inferred ? ` (mono ${measure("count", figure.inferred)})` : "")),
        );
      })),
    );
  });
  place.replaceChildren(...[verdict(rows, smallSample), element("div", { class: "cards" }, cards)].filter(Boolean));
}

/** Which agency stands out: only one whose interval overlaps none of the others'. */
function verdict(rows, smallSample) {
  const compared = rows.filter((row) => row.nps !== null && row.nps_n >= smallSample);
  if (compared.length < 2) return null;
  const apart = (one, test) => compared.every((other) => other === one || test(other));
  const best = compared.find((one) => apart(one, (other) => one.nps_low > other.nps_high));
  const worst = compared.find((one) => apart(one, (other) => one.nps_high < other.nps_low));
  const named = [["best", best], ["worst", compared.length > 2 || !best ? worst : null]].filter(([, row]) => row);
  if (!named.length) return null;
  return element("p", { class: "verdict" }, named.map(([key, row]) =>
    element("span", { style: { "--agency": colourOf(row.agency) } }, say(`ui.${key}`, { agency: nameOf(row.agency), value: measure("nps", row.nps) }))));
}
