import { element, replace } from "./elements.js";
import { age, dayAndTime, measure, say, sayMany } from "./format.js";
import { get } from "./server.js";
import { known, outdated, startPage } from "./shell.js";

/** What waits changes without the store: it is asked for again whether the data have changed or not. */
const EVERY_MS = 10_000;

function row([outcome, found], total) {
  const share = found === null ? null : found.calls / total;
  return element("tr", { class: `outcome of-${outcome}` },
    element("th", { scope: "row" }, say(`outcome.${outcome}`), element("small", {}, say(`outcome.${outcome}.hint`))),
    element("td", {}, found === null ? "–" : measure("count", found.calls)),
    element("td", {}, found === null ? "" : measure("rate", share)),
    element("td", { class: "share", "aria-hidden": "true" }, share ? element("span", { style: { "--share": share } }) : null),
    element("td", {}, found?.oldest_at ? element("time", { datetime: found.oldest_at, title: dayAndTime(found.oldest_at) }, age(found.oldest_age_seconds)) : ""),
  );
}

function table(client, names) {
  const shown = Object.entries(client.outcomes).filter(([name, found]) => found === null || found.calls || ["scored", "waiting"].includes(name));
  const name = client.client_id === null ? say("outcomes.unknown_client") : names.get(client.client_id) ?? client.client_id;
  return element("section", { class: "panel", "aria-label": name },
    element("h2", {}, `${name}: ${sayMany("outcomes.calls", client.calls, { calls: measure("count", client.calls) })}`),
    element("table", {},
      element("thead", {}, element("tr", {}, ["outcome", "number", "share", "", "oldest"].map((each) => (each ? element("th", { scope: "col" }, say(`outcomes.${each}`)) : element("td"))))),
      element("tbody", {}, shown.map((each) => row(each, client.calls || 1)))),
    client.waiting_complete === null ? element("p", { class: "quiet" }, say("outcomes.no_kafka")) : null,
    client.waiting_complete === false ? element("p", { class: "quiet" }, say("outcomes.more_wait")) : null);
}

async function refresh({ client }, turn) {
  try {
    const { clients } = await get("/api/calls", { client });
    if (outdated(turn)) return true;
    replace(document.getElementById("outcomes"), clients.map((each) => table(each, known.clientNames)), clients.length ? null : element("p", { class: "quiet" }, say("ui.no_rows")));
    return true;
  } catch {
    return outdated(turn);
  }
}

function define() {
  document.getElementById("outcomes").replaceChildren(element("div", { class: "panel loading" }, element("div", { class: "skeleton", "aria-hidden": "true" }, [1, 2, 3].map(() => element("i")))));
}

startPage({ title: "outcomes.title", define, refresh, whole: true, everyMs: EVERY_MS });
