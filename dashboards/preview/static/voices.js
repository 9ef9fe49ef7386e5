import { colourOf } from "./colours.js";
import { element, marked } from "./elements.js";
import { measure, say, sayMany, shortTime } from "./format.js";
import { nameOf, titleOf } from "./names.js";

const sentences = (text) => text.split("\n").filter(Boolean);

/** How each kind of alert measures: the unit of its level and baseline. */
const MEASURED = { aggression_rise: "score", nps_fall: "nps", silence: "count" };

/** Open alerts, each with the sentences that raised it; a quiet line when there are none. */
export function drawAlerts(place, rows) {
  place.classList.toggle("ringing", rows.length > 0);
  if (!rows.length) {
    place.replaceChildren(element("p", { class: "quiet" }, say("ui.no_alerts")));
    return;
  }
  place.replaceChildren(...rows.map((row) => element(
    "article", { class: "alert", role: "alert" },
    element("h3", {}, sayMany(`alert.${row.kind}`, row.kind === "silence" ? row.n : Math.abs(row.rise_points), {
      agency: nameOf(row.agency), points: measure("points", Math.abs(row.rise_points)), n: measure("count", row.n),
    })),
    element("p", {}, sayMany(`alert_detail.${row.kind}`, row.n, {
      since: shortTime(row.since), baseline: measure(MEASURED[row.kind], row.baseline),
      level: measure(MEASURED[row.kind], row.level), n: measure("count", row.n),
    })),
    element("div", { class: "sayings" }, sentences(row.quotes).map((text) => marked(text, "harsh"))),
  )));
}

function gauge(name, value, kind) {
  if (value === null) return null;
  const share = kind === "mood" ? (value + 1) / 2 : value;
  return element(
    "span", { class: `gauge ${kind} ${value < 0 ? "low" : ""}` },
    element("small", {}, name), element("b", {}, measure(kind === "mood" ? "correlation" : "score", value)),
    element("span", { class: "track" }, element("i", { class: "bar", style: { left: "0", right: `${(1 - share) * 100}%` } })),
  );
}

function reasons(why) {
  const texts = (why ?? "").split(" ").filter(Boolean).map((each) => say(`why.${each}`, {}, each));
  return texts.length ? ` (${texts.join(", ")})` : "";
}

function tags(row) {
  const driver = row.drivers.split(", ").filter(Boolean).map((each) => element("span", { class: "tag" }, say(`driver.${each}`, {}, each)));
  const conduct = row.conduct.split(", ").filter(Boolean).map((each) => element("span", { class: "tag breach" }, say(`rule.${each}`, {}, each)));
  const leaving = row.churn_intent ? [element("span", { class: "tag breach" }, say("column.churn_intent"))] : [];
  const paying = row.promise_to_pay ? [element("span", { class: "tag good" }, say("column.promise_to_pay"))] : [];
  return [...conduct, ...leaving, ...paying, ...driver];
}

/** The latest conversations: who, how it went, and the words that say so. */
export function drawCalls(place, rows) {
  place.replaceChildren(...rows.map((row) => element(
    "article", { class: "call", style: { "--agency": colourOf(row.agency) } },
    element("header", {}, element("time", { datetime: row.time }, shortTime(row.time)), element("b", { title: titleOf(row.agency) }, nameOf(row.agency)),
      row.rating === null ? null : element("span", { class: `rating ${row.rating_source} ${row.rating >= 9 ? "up" : row.rating <= 6 ? "down" : ""}`, title: say(`rating_source.${row.rating_source}`) },
        say("ui.rating", { rating: row.rating }), element("small", {}, say(`rating_source.${row.rating_source}`)))),
    element("div", { class: "gauges" },
      row.aggression === null && row.empathy === null && row.sentiment === null
        ? element("small", { class: "unscored" }, say("ui.not_scored"), reasons(row.why))
        : [gauge(say("column.aggression"), row.aggression, "harsh"), gauge(say("column.empathy"), row.empathy, "kind"), gauge(say("column.sentiment"), row.sentiment, "mood")]),
    element("div", { class: "sayings" },
      [...new Set([...sentences(row.harsh_words), ...sentences(row.conduct_words)])].map((text) => marked(text, "harsh")),
      sentences(row.kind_words).map((text) => marked(text, "kind")),
      sentences(row.customer_words).map((text) => marked(text, "customer")),
      element("div", { class: "tags" }, tags(row))),
  )));
}
