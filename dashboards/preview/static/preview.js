import { drawComparison } from "./cards.js";
import { drawChart } from "./charts.js";
import { assign } from "./colours.js";
import { element, records } from "./elements.js";
import { dayAndTime, say, speak } from "./format.js";
import { drawControls, drawStrip } from "./controls.js";
import { learn } from "./names.js";
import { drawAlerts, drawCalls } from "./voices.js";

const EVERY_MS = 2000;
const choice = { lang: document.documentElement.lang, client: "", window: "", segment: "all", to: "", hidden: new Set() };
const known = { definition: null, clients: [], clientNames: new Map(), names: "", agencies: [], segments: [], newest: null, version: null, trouble: "" };
const drawn = new Map();
let waking = null;
let asked = 0;

async function get(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((each) => [name, each]) : value ? [[name, value]] : []));
  const response = await fetch(`${path}?${query}`, { cache: "no-store" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function chosen() {
  const shown = known.agencies.filter((agency) => !choice.hidden.has(agency));
  return { client: choice.client, window: choice.window, segment: choice.segment, to: choice.to, agency: choice.hidden.size ? shown : [] };
}

async function define() {
  known.definition = await get("/api/panels", { lang: choice.lang });
  speak(known.definition.language, known.definition.texts);
  document.documentElement.lang = known.definition.language;
  document.title = `Ascolto · ${say("dashboard.title")}`;
  choice.window ||= known.definition.window;
  drawn.clear();
  const places = known.definition.panels.map((panel) => element(
    "section", { class: `panel ${panel.shape}`, id: `panel-${panel.id}`, style: { "--width": panel.width }, "aria-label": panel.title },
    element("h2", { title: panel.description }, panel.title),
    element("p", { class: "description" }, panel.description),
    element("div", { class: "body" }),
  ));
  document.getElementById("dashboard").replaceChildren(
    element("div", { class: "waiting" }, element("b", {}, say("ui.waiting")), element("p", {}, say("ui.waiting_hint"))), ...places);
}

function draw(panel, answer) {
  const place = document.querySelector(`#panel-${CSS.escape(panel.id)} .body`);
  const rows = records(answer);
  const context = { smallSample: known.definition.small_sample };
  if (panel.shape === "alerts") return drawAlerts(place, rows);
  const empty = !rows.length || (panel.shape === "figure" && rows.every((row) => row.value === null))
    || (panel.shape === "quarters" && rows.every((row) => row.least === null));
  place.parentElement.classList.toggle("empty", empty);
  if (empty) {
    window.Plotly.purge(place);
    const maturing = rows.length && ["rate", "money"].includes(panel.unit) && panel.shape === "figure";
    return place.replaceChildren(element("p", { class: "quiet" }, say(maturing ? "ui.not_matured" : "ui.no_rows")));
  }
  place.querySelector(":scope > .quiet")?.remove();
  if (panel.shape === "comparison") return drawComparison(place, rows, context);
  if (panel.shape === "calls") return drawCalls(place, rows);
  return drawChart(place, rows, panel, context);
}

async function refill() {
  const turn = asked;
  const parameters = chosen();
  const outcomes = await Promise.allSettled(known.definition.panels.map(async (panel) => {
    const answer = await get(`/api/panel/${panel.id}`, parameters);
    const seen = JSON.stringify([answer.columns, answer.rows, choice.lang, known.names]);
    if (turn !== asked || drawn.get(panel.id) === seen) return;
    drawn.set(panel.id, seen);
    await draw(panel, answer);
  }));
  if (turn !== asked) return false;
  known.trouble = outcomes.some((outcome) => outcome.status === "rejected") ? "ui.partial" : "";
  return !known.trouble;
}

async function refresh() {
  const [{ clients, names }, status] = await Promise.all([get("/api/clients"), get("/api/status")]);
  known.status = status;
  known.clients = clients;
  known.clientNames = new Map(names);
  if (!choice.client && clients.length) choice.client = clients[0];
  const { version, newest } = await get("/api/version", { client: choice.client });
  known.newest = newest;
  document.body.classList.toggle("without-data", !newest);
  if (newest && version !== known.version) {
    const variables = await get("/api/variables", { client: choice.client });
    ({ agencies: known.agencies, segments: known.segments } = variables);
    assign(known.agencies);
    learn(variables.names);
    known.names = JSON.stringify([variables.names, names]);
    if (await refill()) known.version = version;
  } else {
    known.trouble = "";
  }
}

function show() {
  const as_of = choice.to || known.newest;
  drawControls(document.getElementById("top"), { choice, known, change });
  drawStrip(document.getElementById("strip"), {
    status: known.status ?? {}, live: !choice.to, asOf: as_of && dayAndTime(as_of), trouble: known.trouble && say(known.trouble),
  });
}

/** Refreshes, shows, and refreshes again later; a newer choice cancels an older refresh. */
async function tick() {
  clearTimeout(waking);
  const turn = ++asked;
  try {
    await refresh();
  } catch {
    known.trouble = "ui.offline";
  }
  if (turn !== asked) return;
  show();
  waking = setTimeout(tick, EVERY_MS);
}

/** Applies what the reader chose and shows it at once. */
async function change(changes) {
  asked += 1;
  const language = changes.lang && changes.lang !== choice.lang;
  if (changes.client && changes.client !== choice.client) Object.assign(choice, { segment: "all", to: "", hidden: new Set() });
  Object.assign(choice, changes);
  known.version = null;
  const address = new URL(location.href);
  for (const name of ["lang", "client", "window", "segment", "to"]) {
    if (choice[name]) address.searchParams.set(name, choice[name]);
    else address.searchParams.delete(name);
  }
  history.replaceState(null, "", address);
  try {
    if (language) await define();
  } catch {
    known.trouble = "ui.offline";
  }
  show();
  await tick();
}

function choiceFromAddress() {
  const asked = new URLSearchParams(location.search);
  for (const name of ["client", "window", "segment", "to"]) choice[name] = asked.get(name) ?? choice[name];
}

async function start() {
  choiceFromAddress();
  for (;;) {
    try {
      await define();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
  await tick();
}

addEventListener("load", start);
