import { addressOf, choice } from "./choice.js";
import { colourOf } from "./colours.js";
import { element, records, replace } from "./elements.js";
import { dayAndTime, duration, measure, say, sayMany, shortTime } from "./format.js";
import { conversationAddress } from "./links.js";
import { nameOf, titleOf } from "./names.js";
import { get } from "./server.js";
import { known, outdated, startPage } from "./shell.js";
import { gauge, rating, reasons, tags } from "./voices.js";

const conversation = new URLSearchParams(location.search).get("conversation") ?? "";
const main = () => document.getElementById("conversation");

/** What was drawn last: the same again would lose the reader's place and selection. */
let drawn = "";

/** The list that the reader came from, or else the conversations of the same choices. */
const back = () => sessionStorage.getItem("ascolto-conversations") ?? addressOf("/conversations");

/** The meaning of a quote's kind, as a colour and a word. */
function meaning(kind) {
  const [family] = kind.split(".");
  return { aggression: "harsh", empathy: "kind", conduct: "breach" }[family] ?? "customer";
}

const kindName = (kind) => (kind.startsWith("conduct.") ? say(`rule.${kind.slice(8)}`, {}, kind) : kind.startsWith("intent.") ? say(`column.${kind.slice(7)}`, {}, kind) : say(`quote.${kind.split(".")[0]}`, {}, kind));

/** A turn's text with its quotes marked; where quotes overlap, the earlier and longer is marked. */
function markedText(text, quotes) {
  const places = quotes.map(([kind, words]) => ({ kind, from: text.indexOf(words), to: text.indexOf(words) + words.length })).filter(({ from, to }) => from >= 0 && to > from)
    .sort((a, b) => a.from - b.from || b.to - a.to);
  const parts = [];
  let at = 0;
  for (const { kind, from, to } of places) {
    if (from < at) continue;
    parts.push(text.slice(at, from), element("mark", { class: meaning(kind), title: kindName(kind) }, text.slice(from, to)));
    at = to;
  }
  return [...parts, text.slice(at)];
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function turn(row, score) {
  const labels = [...new Set(row.quotes.map(([kind]) => kind))].map((kind) => element("span", { class: `tag ${meaning(kind)}` }, kindName(kind)));
  const drivers = [...new Set((score?.drivers ?? []).map(([driver]) => driver))].map((driver) => element("span", { class: "tag" }, say(`driver.${driver}`, {}, driver)));
  const id = `turn-${row.number}`;
  return element("li", { class: `turn ${row.speaker} ${location.hash === `#${id}` ? "aimed" : ""}`, id },
    element("header", {}, element("b", {}, say(`speaker.${row.speaker}`, {}, row.speaker)), row.from_second === null ? null : element("small", {}, clock(row.from_second)),
      score ? [gauge(say("column.aggression"), score.aggression, "harsh"), gauge(say("column.empathy"), score.empathy, "kind"), gauge(say("column.sentiment"), score.sentiment, "mood")] : null),
    element("p", {}, markedText(row.text, row.quotes)), labels.length || drivers.length ? element("div", { class: "tags" }, labels, drivers) : null);
}

/** The scores along the conversation: a column a turn, the operator's above, the customer's mood below; each leads to its turn. */
function course(turns, scores) {
  if (!scores.length) return null;
  const column = ({ number, speaker }) => {
    const score = scores.find((each) => each.number === number) ?? {};
    const bar = (kind, value) => (value === null || value === undefined ? null : element("i", { class: `${kind} ${value < 0 ? "below" : ""}`, style: { "--value": Math.abs(value) } }));
    const said = [["aggression", score.aggression], ["empathy", score.empathy], ["sentiment", score.sentiment]].filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${say(`column.${name}`)} ${measure(name === "sentiment" ? "correlation" : "score", value)}`).join(", ");
    const label = `${say("conversation.turn", { n: number })}, ${say(`speaker.${speaker}`, {}, speaker)}${said ? `: ${said}` : ""}`;
    return element("li", {}, element("a", { href: `#turn-${number}`, "aria-label": label, title: label }, bar("harsh", score.aggression), bar("kind", score.empathy), bar("mood", score.sentiment)));
  };
  return element("section", { class: "panel", "aria-labelledby": "course" }, element("h2", { id: "course" }, say("conversation.course")),
    element("p", { class: "description legend" }, [["harsh", "aggression"], ["kind", "empathy"], ["mood", "sentiment"]].map(([kind, name]) => element("span", { class: kind }, say(`column.${name}`)))),
    element("ol", { class: "course" }, turns.map(column)));
}

/** What the customer did: paid, left, or neither yet. */
function followed(outcome, events, until) {
  const lines = [];
  if (!outcome) lines.push(["", say("outcome_of.none")]);
  else {
    if (outcome.lost) lines.push(["bad", say("outcome_of.lost")]);
    if (outcome.lost_to_supplier) lines.push(["", say("outcome_of.closed_by_supplier")]);
    if (outcome.paid) lines.push(["good", say(outcome.amount > 0 ? "outcome_of.paid" : "outcome_of.paid_unknown", { amount: measure("money", outcome.amount) })]);
    if (!outcome.lost && !outcome.lost_to_supplier) lines.push([outcome.matured ? "good" : "", say(outcome.matured ? "outcome_of.stayed" : "outcome_of.still_with_us")]);
    if (!outcome.paid) lines.push([outcome.matured ? "bad" : "", say(outcome.matured ? "outcome_of.unpaid" : "outcome_of.not_paid_yet")]);
    if (!outcome.matured) lines.push(["quiet", say("outcome_of.open", { until: dayAndTime(outcome.matures_at), as_of: dayAndTime(until) })]);
  }
  return element("section", { class: "panel", "aria-labelledby": "followed" }, element("h2", { id: "followed" }, say("conversation.followed")),
    element("ul", { class: "outcome" }, lines.map(([kind, text]) => element("li", { class: kind }, text))),
    events.length ? element("ol", { class: "events" }, events.map((each) => element("li", {}, element("time", { datetime: each.time }, shortTime(each.time)), ` ${say(`event.${each.kind}`)}`,
      each.amount !== null && ["payment", "return"].includes(each.kind) ? element("b", {}, ` ${measure("cents", each.amount, each.currency || undefined)}`) : null))) : null);
}

function others(rows) {
  if (rows.length < 2) return null;
  return element("section", { class: "panel", "aria-labelledby": "others" }, element("h2", { id: "others" }, sayMany("conversation.others", rows.length - 1, { n: measure("count", rows.length - 1) })),
    element("ol", { class: "others" }, rows.map((row) => {
      const text = [element("time", { datetime: row.time }, shortTime(row.time)), ` · ${say(`value.${row.channel}`, {}, row.channel)}`];
      return element("li", { "aria-current": row.conversation === conversation ? "true" : null },
        row.conversation === conversation ? element("b", {}, text, ` (${say("conversation.this")})`) : element("a", { href: conversationAddress(row.conversation, row.agency), "data-key": row.conversation }, text),
        element("span", { class: "small" }, gauge(say("column.aggression"), row.aggression, "harsh"), gauge(say("column.empathy"), row.empathy, "kind")));
    })));
}

function about(row) {
  const facts = [dayAndTime(row.time), ...["service", "touchpoint", "channel", "customer_type"].map((name) => say(`value.${row[name]}`, {}, row[name])), row.seconds ? duration(row.seconds) : null, row.speakers === "inferred" ? say("conversation.inferred") : null];
  return element("section", { class: "panel about", style: { "--agency": colourOf(row.agency) }, "aria-labelledby": "about" },
    element("h2", { id: "about", title: titleOf(row.agency) }, element("a", { href: addressOf("/conversations", { agency: row.agency }) }, nameOf(row.agency))),
    element("p", { class: "description" }, facts.filter(Boolean).join(" · ")), rating(row),
    row.aggression === null && row.empathy === null && row.sentiment === null ? element("p", { class: "quiet" }, say("ui.not_scored"), reasons(row.why))
      : element("div", { class: "gauges" }, gauge(say("column.aggression"), row.aggression, "harsh"), gauge(say("column.empathy"), row.empathy, "kind"), gauge(say("column.sentiment"), row.sentiment, "mood"),
        row.sentiment_change === null ? null : element("span", { class: "quiet" }, say("conversation.change", { change: measure("correlation", row.sentiment_change) }))),
    tags(row));
}

async function refresh(parameters, then) {
  try {
    const { client, to, agency } = parameters;
    const answer = await get("/api/conversation", { client, to, agency, conversation });
    if (outdated(then)) return true;
    const seen = JSON.stringify([answer, choice.lang, known.names]);
    if (seen === drawn) return true;
    const parts = Object.fromEntries(Object.entries(answer).filter(([, part]) => part.columns).map(([name, part]) => [name, records(part)]));
    const [row] = parts.conversation;
    document.title = `Ascolto · ${nameOf(row.agency)} · ${dayAndTime(row.time)}`;
    const first = !main().querySelector(".dialogue");
    replace(main(), element("p", { class: "back" }, element("a", { href: back(), "data-key": "back" }, say("conversation.back"))),
      element("div", { class: "columns" },
        element("div", {}, about(row), followed(parts.outcome[0], parts.events, answer.to), others(parts.others), course(parts.turns, parts.scores)),
        element("section", { class: "panel", "aria-labelledby": "said" }, element("h2", { id: "said" }, say("conversation.said")), element("p", { class: "description" }, say("panel.latest_calls.description")),
          element("ol", { class: "dialogue" }, parts.turns.map((each) => turn(each, parts.scores.find((score) => score.number === each.number)))))));
    drawn = seen;
    if (first) main().querySelector(".aimed")?.scrollIntoView({ block: "center" });
    return true;
  } catch (error) {
    if (outdated(then)) return true;
    if (error.status === 404 || error.status === 400) {
      replace(main(), element("p", { class: "quiet" }, say("conversation.unknown")), element("p", {}, element("a", { href: back() }, say("conversation.back"))));
      return true;
    }
    return false;
  }
}

/** Outlines the turn that the address names. */
addEventListener("hashchange", () => {
  for (const each of document.querySelectorAll(".turn")) each.classList.toggle("aimed", `#${each.id}` === location.hash);
});

function define() {
  drawn = "";
  main().replaceChildren(element("div", { class: "panel loading" }, element("div", { class: "skeleton", "aria-hidden": "true" }, [1, 2, 3].map(() => element("i")))));
}

startPage({ title: "conversation.title", define, refresh, whole: true, own: () => ({ conversation }) });
