import { colourOf } from "./colours.js";
import { element } from "./elements.js";
import { dayAndTime, measure, say, segmentName } from "./format.js";
import { companyLogo, nameOf, titleOf } from "./names.js";

const drawn = new WeakMap();

/** Draws only when something shown has changed, so that an open menu stays open. */
function once(place, seen, make) {
  const text = JSON.stringify(seen);
  if (drawn.get(place) === text) return;
  drawn.set(place, text);
  place.replaceChildren(...make());
}

function menu(label, value, options, pick) {
  const select = element("select", { "aria-label": label, on: { change: () => pick(select.value) } },
    options.map(([each, name]) => element("option", { value: each, selected: each === value }, name)));
  return element("label", { class: "menu" }, element("span", {}, label), select);
}

/** The top bar: which client company, window, segment, time, language, and the agencies shown. */
export function drawControls(place, { choice, known, change }) {
  const { definition, clients, agencies, segments } = known;
  const companyName = (client) => known.clientNames.get(client) ?? client;
  once(place, [choice.lang, choice.client, choice.window, choice.segment, choice.to, [...choice.hidden], clients, agencies, segments, known.names], () => [
    element("div", { class: "brand" }, element("img", { src: companyLogo() ?? "/static/icon.svg", alt: "", width: companyLogo() ? 76 : 30, height: 30 }),
      element("div", {}, element("small", {}, "Ascolto"), element("h1", {}, say("dashboard.title")))),
    element("nav", {},
      clients.length > 1 ? menu(say("variable.client"), choice.client, clients.map((each) => [each, companyName(each)]), (client) => change({ client }))
        : clients.length ? element("span", { class: "menu" }, element("span", {}, say("variable.client")), element("b", { title: clients[0] }, companyName(clients[0]))) : null,
      element("div", { class: "segmented", role: "group", "aria-label": say("variable.window") }, definition.windows.map((each) =>
        element("button", { type: "button", "aria-pressed": each === choice.window, on: { click: () => change({ window: each }) } }, say(`window.${each}`)))),
      segments.length > 1 ? menu(say("variable.segment"), choice.segment, segments.map((each) => [each, segmentName(each)]), (segment) => change({ segment })) : null,
      pastMenu(choice, change),
      clients.length ? element("a", { class: "menu", href: `/calls?${new URLSearchParams({ client: choice.client, lang: choice.lang })}` }, say("outcomes.link")) : null,
      element("div", { class: "segmented languages", role: "group", "aria-label": say("ui.language") }, definition.languages.map((each) =>
        element("button", { type: "button", lang: each, "aria-pressed": each === choice.lang, on: { click: () => change({ lang: each }) } }, each.toUpperCase())))),
    element("div", { class: "agencies" }, agencies.map((agency) => element(
      "button", { type: "button", class: "chip", "aria-pressed": !choice.hidden.has(agency), style: { "--agency": colourOf(agency) }, title: titleOf(agency), on: { click: () => toggle(agency, choice, agencies, change) } }, nameOf(agency)))),
  ]);
}

function pastMenu(choice, change) {
  const input = element("input", {
    type: "datetime-local", value: choice.to.slice(0, 16), "aria-label": say("ui.as_of_input"),
    on: { change: () => change({ to: input.value ? `${input.value}:00+00:00` : "" }) },
  });
  return element("label", { class: "menu" }, element("span", {}, say("ui.as_of_input")), input);
}

function toggle(agency, choice, agencies, change) {
  const hidden = new Set(choice.hidden);
  if (!hidden.delete(agency)) hidden.add(agency);
  change({ hidden: hidden.size === agencies.length ? new Set() : hidden });
}

/** What the worker reports and has a text here: its event-time clock, counters, plain values.
 *  What only its operators need has no text, and is in /status. */
function facts(status) {
  const clock = status.event_time_us ? [["event_time", dayAndTime(status.event_time_us / 1000)]] : [];
  const plain = Object.entries(status).filter(([name, value]) => name !== "event_time_us" && typeof value !== "object");
  return [...clock, ...Object.entries(status.counts ?? {}), ...plain].map(([name, value]) => [say(`status.${name}`, {}, ""), shown(value)]).filter(([label, text]) => label && text !== null);
}

function shown(value) {
  if (typeof value === "number") return measure("count", value);
  return typeof value === "string" ? value : null;
}

/** The strip below the bar: as of when, whether live, and the worker's progress. */
export function drawStrip(place, { status, live, asOf, trouble }) {
  const parts = facts(status);
  once(place, [parts, live, asOf, trouble, say("ui.live")], () => [
    element("span", { class: `lamp ${trouble ? "trouble" : live ? "live" : "past"}` }, trouble || say(live ? "ui.live" : "ui.past")),
    asOf ? element("span", { class: "as-of" }, `${say("ui.as_of")} `, element("b", {}, asOf), " UTC") : null,
    ...parts.map(([label, text]) => element("span", { class: "fact" }, `${label} `, element("b", {}, text))),
  ].filter(Boolean));
}
