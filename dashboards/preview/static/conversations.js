import { asked, choice } from "./choice.js";
import { menu } from "./controls.js";
import { element, records, replace } from "./elements.js";
import { measure, say, sayMany } from "./format.js";
import { get } from "./server.js";
import { change, known, now, outdated, startPage } from "./shell.js";
import { call } from "./voices.js";

const FILTERS = ["outcome", "rating", "conduct", "intent", "driver"];

/** What is searched for; all of it is in the address. */
const search = { order: "", text: "", ...Object.fromEntries(FILTERS.map((name) => [name, ""])) };

/** What was drawn last: the same again would lose the reader's place and selection. */
let drawn = "";
let rows = [];
let found = 0;

const main = () => document.getElementById("conversations");
const list = () => main().querySelector(".list");

/** The name of a value of a filter. */
function valueName(name, value) {
  if (!value) return say(`filter.${name}.all`);
  if (name === "conduct" && value !== "any") return say(`rule.${value}`, {}, value);
  if (name === "driver") return say(`driver.${value}`, {}, value);
  if (name === "intent") return say(`column.${value}`);
  return say(`filter.${name}.${value}`);
}

function form() {
  const { choices } = known.definition.search;
  const text = element("input", { type: "search", name: "text", value: search.text, maxlength: 100, "data-key": "text", placeholder: say("filter.text.hint") });
  return element("form", { class: "filters", role: "search", "aria-label": say("conversations.title"), on: { submit: (event) => { event.preventDefault(); pick({ text: text.value.trim() }); } } },
    menu(say("filter.order"), search.order || choices.order[0], choices.order.map((each) => [each, say(`filter.order.${each}`)]), (order) => pick({ order }), "order"),
    FILTERS.map((name) => menu(say(`filter.${name}`), search[name], choices[name].map((each) => [each, valueName(name, each)]), (value) => pick({ [name]: value }), name)),
    element("label", { class: "menu text" }, element("span", {}, say("filter.text")), text),
    element("button", { type: "submit", "data-key": "find" }, say("filter.find")),
    Object.values(search).some(Boolean) ? element("button", { type: "button", class: "plain", "data-key": "clear", on: { click: () => pick(Object.fromEntries(Object.keys(search).map((name) => [name, ""]))) } }, say("filter.clear")) : null);
}

/** Applies what was chosen in the form; answers to what was chosen before are not shown any more. */
async function pick(changes) {
  Object.assign(search, changes);
  drawForm();
  await change({});
  if (document.activeElement === document.body) list().querySelector("h2")?.focus({ preventScroll: true });
}

const drawForm = () => replace(main().querySelector(".form"), form());

function define() {
  drawn = "";
  main().replaceChildren(element("div", { class: "form" }), element("p", { class: "old", role: "status" }), element("div", { class: "list loading" }, element("div", { class: "skeleton", "aria-hidden": "true" }, [1, 2, 3].map(() => element("i")))));
  drawForm();
}

function drawList() {
  const title = choice.agencies.length || search.outcome ? say("conversations.behind") : "";
  replace(list(),
    element("h2", { tabindex: -1 }, sayMany("conversations.found", found, { n: measure("count", found) }), title ? element("small", {}, ` ${title}`) : null),
    search.outcome ? element("p", { class: "quiet" }, say("conversations.of_outcome")) : null,
    search.text ? element("p", { class: "quiet" }, say("conversations.searched", { searched: measure("count", known.definition.search.searched) })) : null,
    found ? rows.map(call) : element("p", { class: "quiet" }, say("ui.no_rows")),
    rows.length < found ? element("button", { type: "button", class: "next", "data-key": "next", on: { click: more } }, say("conversations.more", { shown: measure("count", rows.length), n: measure("count", found) })) : null);
}

/** Takes back what `wait` says. */
function settle() {
  list().classList.remove("stale", "loading");
  main().querySelector(".old").textContent = "";
}

async function refresh(parameters, turn) {
  try {
    const wanted = list().matches(".stale, .loading") ? 0 : rows.length;
    const answer = [];
    let page;
    do {
      page = records(await get("/api/conversations", { ...parameters, ...search, after: answer.at(-1)?.after }));
      answer.push(...page);
    } while (page.length && answer.length < wanted && !outdated(turn)); // as many as the reader has opened
    if (outdated(turn)) return true;
    const seen = JSON.stringify([answer, choice, search, known.names]);
    settle();
    if (seen === drawn) return true;
    drawn = seen;
    rows = answer;
    found = answer[0]?.found ?? 0;
    drawList();
    sessionStorage.setItem("ascolto-conversations", `${location.pathname}${location.search}`);
    return true;
  } catch {
    if (!outdated(turn)) main().querySelector(".old").textContent = say("ui.no_answer");
    return outdated(turn);
  }
}

/** The next page, below what is there; the focus goes to its first conversation. */
async function more() {
  const turn = now();
  const after = rows.at(-1).after;
  const next = records(await get("/api/conversations", { ...asked(), ...search, after }));
  if (outdated(turn) && rows.at(-1)?.after !== after) return;
  const shown = rows.length;
  rows = [...rows, ...next];
  drawList();
  list().querySelectorAll(".call .open")[shown]?.focus();
}

/** Marks what is shown as of an older choice. */
function wait() {
  if (!list() || list().classList.contains("loading")) return;
  list().classList.add("stale");
  main().querySelector(".old").textContent = say("ui.loading");
}

const given = new URLSearchParams(location.search);
for (const name of Object.keys(search)) search[name] = given.get(name) ?? "";

startPage({ title: "conversations.title", define, refresh, wait, own: () => search });
