import { addressOf, asked, choice } from "./choice.js";
import { element, records, replace } from "./elements.js";
import { dayAndTime, measure, say } from "./format.js";
import { behindRow } from "./links.js";
import { nameOf } from "./names.js";
import { get } from "./server.js";
import { known, outdated } from "./shell.js";

/** The last answer drawn in each panel, so that only what changed is drawn again. */
const drawn = new Map();

const placeOf = (panel) => document.getElementById(`panel-${panel.id}`);

/** Forgets what was drawn, as after a change of language. */
export const forget = () => drawn.clear();

/** A panel's place, with a skeleton until its first answer. */
export function panelPlace(panel) {
  return element("section", { class: `panel ${panel.shape} loading`, id: `panel-${panel.id}`, style: { "--width": panel.width }, "aria-labelledby": `title-${panel.id}`, "aria-busy": true },
    element("header", {}, element("h2", { id: `title-${panel.id}` }, panel.title),
      element("a", { class: "csv", href: "#", download: true, "data-key": `csv-${panel.id}`, "aria-label": say("ui.csv_of", { title: panel.title }), title: say("ui.csv_of", { title: panel.title }) }, "CSV")),
    element("p", { class: "description" }, panel.description),
    element("p", { class: "old", role: "status" }),
    element("div", { class: "body" }, element("div", { class: "skeleton", "aria-hidden": "true" }, [1, 2, 3].map(() => element("i")))),
    element("details", { class: "behind", "data-key": `table-${panel.id}` }, element("summary", {}, say("ui.table"))));
}

/** What the reader sees next, for the label of what is still old. */
const chosenWords = () => say(`window.${choice.window || known.definition.window}`);

/** Dims the panels, whose figures are those of an older choice, and says so, until their answers come. */
export function markOld(panels) {
  for (const panel of panels) {
    const place = placeOf(panel);
    if (!place) continue;
    place.setAttribute("aria-busy", "true");
    if (place.classList.contains("loading")) continue;
    place.classList.add("stale");
    place.querySelector(".old").textContent = say("ui.loading_choice", { choice: chosenWords() });
  }
}

function current(place) {
  place.classList.remove("stale", "loading", "failed");
  place.setAttribute("aria-busy", "false");
  place.querySelector(".old").textContent = "";
}

/** Says in a panel that it does not answer; what it shows stays dimmed. */
function failed(place) {
  place.classList.add("failed");
  place.querySelector(".old").textContent = say("ui.no_answer");
}

/** The unit of a column, for tables. */
function unitOf(name, panel) {
  const bare = name.replace(/_(low|high)$/, "");
  if (/^(nps|nps_predicted)$/.test(bare)) return "nps";
  if (/^(aggression|empathy|sentiment)$/.test(bare)) return "score";
  if (/^(churn_rate|recovery_rate|least|most)$/.test(bare)) return "rate";
  if (/correlation$/.test(bare)) return "correlation";
  if (/^amount/.test(bare)) return "money";
  if (/_p$/.test(bare)) return "score";
  if (["value", "low", "high"].includes(name)) return panel.unit;
  return "count";
}

function cell(name, value, panel) {
  if (value === null || value === undefined) return "–";
  if (name === "agency") return nameOf(value);
  if (name === "driver") return say(`driver.${value}`, {}, value);
  if (name === "kind") return say(`alert_kind.${value}`, {}, value);
  if (typeof value === "number") return measure(unitOf(name, panel), value);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? dayAndTime(value) : String(value);
}

/** The figures behind a chart, as a table whose agencies lead to the conversations behind them. */
function table(panel, answer) {
  const { columns, rows } = answer;
  const whole = records(answer);
  const linked = (name, text, i) => (name === "agency" && panel.shape !== "alerts" ? element("a", { href: behindRow(panel, whole[i], choice.window) }, text) : text);
  const headings = columns.map((name) => element("th", { scope: "col" }, say(`column.${name}`, {}, name)));
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": panel.title },
    element("table", {}, element("caption", {}, panel.title), element("thead", {}, element("tr", {}, headings)),
      element("tbody", {}, rows.map((row, at) => element("tr", {}, row.map((value, i) =>
        element(i ? "td" : "th", i ? {} : { scope: "row" }, linked(columns[i], cell(columns[i], value, panel), at))))))));
}

function offerTable(place, panel, answer) {
  const details = place.querySelector(".behind");
  details.hidden = !answer.rows.length;
  details.querySelector(".scroll")?.remove();
  const fill = () => { if (details.open && !details.querySelector(".scroll")) details.append(table(panel, answer)); };
  details.ontoggle = fill;
  fill();
}

/** The address of a panel's figures as a file for a spreadsheet. */
function csvAddress(panel) {
  const address = new URL(addressOf(`/api/panel/${panel.id}.csv`), location.href);
  if (!choice.to && known.newest) address.searchParams.set("to", known.newest);
  return `${address.pathname}${address.search}`;
}

/** Asks for a panel and draws the answer; true when it is shown, or a newer choice has been made. */
export async function fill(panel, turn, draw) {
  const place = placeOf(panel);
  if (!place) return true;
  try {
    const answer = await get(`/api/panel/${panel.id}`, asked());
    if (outdated(turn)) return true;
    place.querySelector(".csv").href = csvAddress(panel);
    const seen = JSON.stringify([answer.columns, answer.rows, choice, known.names]);
    if (drawn.get(panel.id) !== seen) {
      drawn.set(panel.id, seen);
      current(place);
      offerTable(place, panel, answer);
      await draw(place.querySelector(".body"), answer, panel);
    }
    current(place);
    return true;
  } catch (error) {
    if (outdated(turn)) return true;
    drawn.delete(panel.id);
    failed(place);
    if (!("status" in error) && !(error instanceof TypeError)) console.error(error);
    return false;
  }
}

/** A quiet line where a panel has nothing to show. */
export function nothing(place, text) {
  replace(place, element("p", { class: "quiet" }, text));
}
