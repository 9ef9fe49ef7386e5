import { addressOf } from "./choice.js";
import { track } from "./bars.js";
import { colourOf } from "./colours.js";
import { element, marked, replace } from "./elements.js";
import { followPlace } from "./follow.js";
import { duration, measure, say, sayMany, shortTime } from "./format.js";
import { behind, conversationAddress, windowSince } from "./links.js";
import { nameOf, titleOf } from "./names.js";

const sentences = (text) => text.split("\n").filter(Boolean);

/** Sentences without those that differ from an earlier one in their marks alone. */
const distinct = (texts) => texts.filter((text, i) => texts.findIndex((each) => each.replace(/[«»]/g, "") === text.replace(/[«»]/g, "")) === i);

/** How each kind of alert measures: the unit of its level and baseline, the change below which both need a digit more, and that unit. */
const MEASURED = { aggression_rise: ["score", 0.05, "fine_score"], nps_fall: ["nps", 5, "fine_nps"], silence: ["count", 0, "count"] };

/** An alert's sentences, each leading to its conversation. */
function alertSentences(row, quoted) {
  const own = quoted.filter((each) => each.agency === row.agency && each.kind === row.kind && each.since === row.since);
  return own.map((each) => element("a", { class: "sentence", href: conversationAddress(each.conversation, row.agency, each.number), "data-key": `${each.conversation}-${each.number}` }, marked(each.sentence, "harsh")));
}

/** Open alerts, each leading to the conversations behind it, with the sentences that raised it; a quiet line when there are none. */
export function drawAlerts(place, rows, quoted, until) {
  if (!rows.length) {
    replace(place, element("p", { class: "quiet" }, say("ui.no_alerts")));
    return;
  }
  replace(place, rows.map((row) => {
    const said = alertSentences(row, quoted);
    const [unit, small, fine] = MEASURED[row.kind];
    const written = (value) => measure(Math.abs(row.level - row.baseline) < small ? fine : unit, value);
    const places = { agency: nameOf(row.agency), since: shortTime(row.since), baseline: written(row.baseline), level: written(row.level), n: measure("count", row.n) };
    return element("div", { class: "alert", role: "alert" },
      element("h3", {}, say(`alert.${row.kind}`, places)),
      element("p", {}, sayMany(`alert_detail.${row.kind}`, row.n, places), " ", element("a", { class: "go", href: behind(row.kind, row.agency, { window: windowSince(row.since, until), segment: "" }), "data-key": `alert-${row.agency}-${row.kind}-${row.since}` }, say("alert.link"))),
      said[0] ?? null,
      said.length > 1 ? element("details", { "data-key": `said-${row.agency}-${row.kind}-${row.since}` }, element("summary", {}, sayMany("alert.more", said.length - 1, { n: measure("count", said.length - 1) })), said.slice(1)) : null,
      followPlace(row));
  }));
}

/** A score as a number and a bar of its own meaning: harsh, kind, mood. */
export function gauge(name, value, kind) {
  if (value === null) return null;
  return element("span", { class: `gauge ${kind}` }, element("small", {}, name), element("b", {}, measure(kind === "mood" ? "correlation" : "score", value)), track({ value }, kind === "mood" ? [-1, 1] : [0, 1]));
}

/** Why a conversation has no score. */
export function reasons(why) {
  const texts = (why ?? "").split(" ").filter(Boolean).map((each) => say(`why.${each}`, {}, each));
  return texts.length ? ` (${texts.join(", ")})` : "";
}

/** A conversation's rating with where it comes from; null where it has none. */
export function rating(row) {
  if (row.rating === null) return null;
  const group = row.rating >= 9 ? "up" : row.rating <= 6 ? "down" : "";
  return element("span", { class: `rating ${row.rating_source} ${group}` }, say("ui.rating", { rating: row.rating }), element("small", {}, say(`rating_source.${row.rating_source}`)));
}

/** A conversation's breaches of conduct, intents and reasons. */
export function tags({ conduct, drivers, churn_intent, promise_to_pay }) {
  return element("div", { class: "tags" },
    conduct.map((each) => element("span", { class: "tag breach" }, say(`rule.${each}`, {}, each))),
    churn_intent ? element("span", { class: "tag breach" }, say("column.churn_intent")) : null,
    promise_to_pay ? element("span", { class: "tag good" }, say("column.promise_to_pay")) : null,
    drivers.map((each) => element("span", { class: "tag" }, say(`driver.${each}`, {}, each))));
}

const list = (text) => text.split(", ").filter(Boolean);

function gauges(row) {
  if (row.aggression === null && row.empathy === null && row.sentiment === null) return element("small", { class: "unscored" }, say("ui.not_scored"), reasons(row.why));
  return [gauge(say("column.aggression"), row.aggression, "harsh"), gauge(say("column.empathy"), row.empathy, "kind"), gauge(say("column.sentiment"), row.sentiment, "mood")];
}

/** One conversation of a list: who, how it went, and the words that say so; it leads to the conversation. */
export function call(row) {
  const about = [row.channel && say(`value.${row.channel}`, {}, row.channel), row.seconds && duration(row.seconds)].filter(Boolean).join(" · ");
  return element("article", { class: "call", style: { "--agency": colourOf(row.agency) } },
    element("header", {},
      row.conversation ? element("a", { class: "open", href: conversationAddress(row.conversation, row.agency), "data-key": row.conversation }, element("time", { datetime: row.time }, shortTime(row.time))) : element("time", { datetime: row.time }, shortTime(row.time)),
      element("b", { title: titleOf(row.agency) }, nameOf(row.agency)), about ? element("small", {}, about) : null, rating(row)),
    element("div", { class: "gauges" }, gauges(row)),
    element("div", { class: "sayings" },
      distinct([...sentences(row.harsh_words), ...sentences(row.conduct_words)]).map((text) => marked(text, "harsh")),
      sentences(row.kind_words).map((text) => marked(text, "kind")),
      sentences(row.customer_words).map((text) => marked(text, "customer")),
      tags({ ...row, conduct: list(row.conduct), drivers: list(row.drivers) })));
}

/** The latest conversations, and the way to all of them. */
export function drawCalls(place, rows) {
  replace(place, rows.map(call), element("p", {}, element("a", { class: "go", href: addressOf("/conversations"), "data-key": "all-conversations" }, say("conversations.link"))));
}
