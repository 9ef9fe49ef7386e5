import { drawDrivers, drawFigure, drawQuarters } from "./bars.js";
import { drawComparison } from "./cards.js";
import { drawChart, removeChart } from "./charts.js";
import { asked, choice } from "./choice.js";
import { element, records } from "./elements.js";
import { drawFollowUps } from "./follow.js";
import { say } from "./format.js";
import { fill, forget, markOld, nothing, panelPlace } from "./panels.js";
import { get } from "./server.js";
import { known, now, startPage } from "./shell.js";
import { drawAlerts, drawCalls } from "./voices.js";

/** The order on the page: the answer first, then money and reasons, then time; every figure by itself is folded away. */
const FIRST = ["alerts", "comparison"];
const THEN = ["recovery_and_churn", "drivers", "nps_over_time", "aggression_over_time", "quarters", "staying"];
const LAST = ["latest_calls"];
const SHOWN_CALLS = 6;
const CHARTS = new Set(["pair", "series", "staying"]);

/** The rows of the panels that others draw from, too; null until they have come for the present choice. */
const held = { comparison: null, drivers: null };

const panelsOf = (ids) => ids.map((id) => known.definition.panels.find((panel) => panel.id === id)).filter(Boolean);
const folded = () => known.definition.panels.filter((panel) => panel.shape === "figure");
const fold = () => document.getElementById("all-figures");

/** The panels that are asked for now: those that are folded away only once they are unfolded. */
const asking = () => [...panelsOf([...FIRST, ...THEN, ...LAST]), ...(fold()?.open ? folded() : [])];

function define() {
  forget();
  document.getElementById("dashboard").replaceChildren(
    element("div", { class: "waiting" }, element("b", {}, say("ui.waiting")), element("p", {}, say("ui.waiting_hint"))),
    ...panelsOf([...FIRST, ...THEN]).map(panelPlace),
    element("details", { class: "fold", id: "all-figures", on: { toggle: unfold } }, element("summary", {}, say("ui.all_figures")), element("div", { class: "grid" }, folded().map(panelPlace))),
    ...panelsOf(LAST).map(panelPlace));
}

function unfold() {
  if (fold().open && known.newest) Promise.all(folded().map((panel) => fill(panel, now(), draw)));
}

const context = () => ({ smallSample: known.definition.small_sample, window: choice.window });

function drawAnswer() {
  const place = document.querySelector("#panel-comparison .body");
  if (held.comparison?.length) drawComparison(place, held.comparison, held.drivers, context());
}

/** Whether a panel has nothing to show; figures whose horizon has not passed say so. */
function emptyText(panel, rows) {
  if (!rows.length) return say(panel.shape === "alerts" ? "ui.no_alerts" : "ui.no_rows");
  if (panel.shape === "figure" && rows.every((row) => row.value === null)) return say(["rate", "money"].includes(panel.unit) ? "ui.not_matured" : "ui.undefined");
  if (panel.shape === "pair" && rows.every((row) => row.recovery_rate === null || row.churn_rate === null)) return say("ui.not_matured");
  if (panel.shape === "quarters" && rows.every((row) => row.least === null)) return say("ui.too_few_customers");
  return null;
}

async function draw(place, answer, panel) {
  const rows = records(answer);
  if (panel.id in held) held[panel.id] = rows;
  const empty = panel.shape === "alerts" ? null : emptyText(panel, rows);
  place.parentElement.classList.toggle("empty", empty !== null);
  if (empty !== null) {
    removeChart(place);
    nothing(place, empty);
  }
  if (panel.shape === "alerts") {
    const quoted = rows.length ? records(await get("/api/alert_sentences", asked())) : [];
    return drawAlerts(place, rows, quoted, known.newest);
  }
  if (panel.id in held) drawAnswer();
  if (empty !== null) return undefined;
  if (CHARTS.has(panel.shape)) return drawChart(place, rows, panel, context());
  if (panel.shape === "figure") return drawFigure(place, rows, panel, context());
  if (panel.shape === "quarters") return drawQuarters(place, rows, context());
  if (panel.shape === "calls") return drawCalls(place, rows.slice(0, SHOWN_CALLS));
  if (panel.shape === "counts") return drawDrivers(place, rows);
  return undefined;
}

async function refresh(parameters, turn) {
  const answered = (await Promise.all(asking().map((panel) => fill(panel, turn, draw)))).every(Boolean);
  return (await drawFollowUps()) && answered;
}

function wait() {
  Object.assign(held, { comparison: null, drivers: null });
  markOld(known.definition.panels);
}

startPage({ title: "dashboard.title", define, refresh, wait });
