import { element } from "./elements.js";
import { age, dayAndTime, measure, say, speak } from "./format.js";

const EVERY_MS = 10_000;
const asked = new URLSearchParams(location.search);

async function get(path, parameters) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`, { cache: "no-store" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function row([outcome, found], total) {
  const share = found === null ? null : found.calls / total;
  return element("tr", { class: `outcome of-${outcome}` },
    element("th", { scope: "row" }, say(`outcome.${outcome}`), element("small", {}, say(`outcome.${outcome}.hint`))),
    element("td", {}, found === null ? "–" : measure("count", found.calls)),
    element("td", {}, found === null ? "" : measure("rate", share)),
    element("td", { class: "share", "aria-hidden": "true" }, share ? element("span", { style: { "--share": share } }) : null),
    element("td", {}, found?.oldest_at ? element("time", { datetime: found.oldest_at, title: `${dayAndTime(found.oldest_at)} UTC` }, age(found.oldest_age_seconds)) : ""),
  );
}

function table(client, names) {
  const shown = Object.entries(client.outcomes).filter(([name, found]) => found === null || found.calls || ["scored", "waiting"].includes(name));
  const name = client.client_id === null ? say("outcomes.unknown_client") : names.get(client.client_id) ?? client.client_id;
  return element("section", { class: "panel", "aria-label": name },
    element("h2", {}, `${name}: ${say("outcomes.calls", { calls: measure("count", client.calls) })}`),
    element("table", {},
      element("thead", {}, element("tr", {}, ["outcome", "number", "share", "", "oldest"].map((each) => element("th", { scope: "col" }, each && say(`outcomes.${each}`))))),
      element("tbody", {}, shown.map((each) => row(each, client.calls || 1)))),
    client.waiting_complete === null ? element("p", { class: "quiet" }, say("outcomes.no_kafka")) : null,
    client.waiting_complete === false ? element("p", { class: "quiet" }, say("outcomes.more_wait")) : null);
}

async function refresh() {
  const strip = document.getElementById("strip");
  try {
    const client = asked.get("client") ?? "";
    const [{ clients }, { names }] = await Promise.all([get("/api/calls", { client }), get("/api/clients", {})]);
    const known = new Map(names);
    document.getElementById("outcomes").replaceChildren(
      ...clients.map((each) => table(each, known)), clients.length ? "" : element("p", { class: "quiet" }, say("ui.no_rows")));
    strip.replaceChildren(element("span", { class: "lamp live" }, say("ui.live")));
  } catch {
    strip.replaceChildren(element("span", { class: "lamp trouble" }, say("ui.offline")));
  }
  setTimeout(refresh, EVERY_MS);
}

async function start() {
  const lang = document.documentElement.lang;
  const { language, texts } = await get("/api/panels", { lang });
  speak(language, texts);
  document.title = `Ascolto · ${say("outcomes.title")}`;
  const back = new URLSearchParams(asked);
  document.getElementById("top").replaceChildren(
    element("div", { class: "brand" }, element("img", { src: "/static/icon.svg", alt: "", width: 30, height: 30 }),
      element("div", {}, element("small", {}, "Ascolto"), element("h1", {}, say("outcomes.title")))),
    element("nav", {}, element("a", { href: `/?${back}` }, say("outcomes.back"))));
  await refresh();
}

start();
