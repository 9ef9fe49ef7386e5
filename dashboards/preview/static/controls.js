import { addressOf, choice } from "./choice.js";
import { colourOf } from "./colours.js";
import { element, replace } from "./elements.js";
import { dayAndTime, duration, instantOf, say, segmentName, shortTime, wallTime } from "./format.js";
import { companyLogo, nameOf, titleOf } from "./names.js";
import { signOut } from "./updates.js";

const PAGES = [["/", "dashboard.title"], ["/conversations", "conversations.title"], ["/coaching", "coaching.title"], ["/calls", "outcomes.link"]];

/** Payments this much newer than scores are said to run ahead, in seconds; scores this much older than calls to lag. */
const AHEAD = 3600;
const LAG = 300;

const drawn = new WeakMap();

/** Draws only when something shown has changed, so that an open menu stays open. */
function once(place, seen, make) {
  const text = JSON.stringify(seen);
  if (drawn.get(place) === text) return;
  drawn.set(place, text);
  replace(place, make());
}

/** A labelled menu of values with their names. */
export function menu(label, value, options, pick, key) {
  const select = element("select", { "data-key": key, on: { change: () => pick(select.value) } },
    options.map(([each, name]) => element("option", { value: each, selected: each === value }, name)));
  return element("label", { class: "menu" }, element("span", {}, label), select);
}

function segmented(label, options, value, pick, classes = "") {
  return element("div", { class: `segmented ${classes}`, role: "group", "aria-label": label }, options.map(([each, name, title]) =>
    element("button", { type: "button", "aria-pressed": each === value, title, "aria-label": title, "data-key": `${label}=${each}`, on: { click: () => pick(each) } }, name)));
}

/** The top bar: the pages, which client company, window, segment, time, language, and the agencies shown. */
export function drawControls(place, { page, known, change }) {
  const { definition, clients, agencies, segments } = known;
  const companyName = (client) => known.clientNames.get(client) ?? client;
  const whole = page.whole ?? false;
  once(place, [choice, clients, agencies, segments, known.names, page.own?.()], () => [
    element("div", { class: "brand" }, element("img", { src: companyLogo() ?? "/static/icon.svg", alt: "", width: companyLogo() ? 76 : 30, height: 30 }),
      element("div", {}, element("small", {}, companyName(choice.client) ? `Ascolto · ${companyName(choice.client)}` : "Ascolto"), element("h1", {}, say(page.title)))),
    element("nav", { "aria-label": say("ui.pages") }, PAGES.filter(([path]) => path !== "/calls" || !definition.visitor.of_agency).map(([path, title]) =>
      element("a", { href: addressOf(path), "data-key": path, "aria-current": path === location.pathname ? "page" : null }, say(title)))),
    definition.visitor.user === null ? null : element("div", { class: "visitor" },
      element("span", {}, say("ui.signed_in_as", { user: definition.visitor.user })),
      definition.visitor.signs_out ? element("button", { type: "button", "data-key": "sign-out", on: { click: signOut } }, say("ui.sign_out")) : null),
    element("div", { class: "looks" },
      segmented(say("ui.theme"), [["", "◐", say("theme.auto")], ["light", "☀", say("theme.light")], ["dark", "☾", say("theme.dark")]], choice.theme, (theme) => change({ theme }), "themes"),
      segmented(say("ui.language"), definition.languages.map((each) => [each, each.toUpperCase(), say(`language.${each}`)]), choice.lang, (lang) => change({ lang }), "languages")),
    whole && clients.length < 2 ? null : element("div", { class: "controls", role: "group", "aria-label": say("ui.choices") },
      clients.length > 1 ? menu(say("variable.client"), choice.client, clients.map((each) => [each, companyName(each)]), (client) => change({ client }), "client") : null,
      whole ? null : [
        segmented(say("variable.window"), definition.windows.map((each) => [each, say(`window.${each}`)]), choice.window, (window) => change({ window })),
        segments.length > 1 ? menu(say("variable.segment"), choice.segment, segments.map((each) => [each, segmentName(each)]), (segment) => change({ segment }), "segment") : null,
        pastMenu(change)],
      whole || agencies.length < 2 ? null : element("div", { class: "agencies", role: "group", "aria-label": say("variable.agency") }, agencies.map((agency) => element(
        "button", { type: "button", class: "chip", "data-key": `agency=${agency}`, "aria-pressed": shown(agency), style: { "--agency": colourOf(agency) }, title: titleOf(agency), on: { click: () => toggle(agency, agencies, change) } }, nameOf(agency))))),
  ]);
}

const shown = (agency) => !choice.agencies.length || choice.agencies.includes(agency);

function pastMenu(change) {
  const input = element("input", {
    type: "datetime-local", value: choice.to ? wallTime(choice.to) : "", "data-key": "to",
    on: { change: () => change({ to: input.value ? instantOf(input.value.slice(0, 16)) : "" }) },
  });
  return element("label", { class: "menu" }, element("span", {}, say("ui.as_of_input")), input);
}

function toggle(agency, agencies, change) {
  const next = agencies.filter((each) => (each === agency ? !shown(each) : shown(each)));
  change({ agencies: next.length === agencies.length || !next.length ? [] : next });
}

/** Until when scores reach, and whether payments run ahead of them or scores lag behind calls. */
function reach({ scored, arrived, followed }) {
  const seconds = (later, earlier) => (later && earlier ? (new Date(later) - new Date(earlier)) / 1000 : 0);
  const parts = [];
  if (scored) parts.push([say("ui.as_of"), dayAndTime(scored)]);
  if (seconds(arrived, scored) >= LAG) parts.push([say("ui.scores_lag", { lag: duration(seconds(arrived, scored)) }), shortTime(arrived)]);
  if (seconds(followed, scored) >= AHEAD) parts.push([say("ui.payments_ahead", { lag: duration(seconds(followed, scored)) }), shortTime(followed)]);
  return parts;
}

/** The time zone as people name it: by its place, where they have no name for it. */
function zone(name) {
  return say(`zone.${name}`, {}, "") || say("ui.zone", { zone: name.replace(/^.*\//, "").replaceAll("_", " ") });
}

/** The strip below the bar: whether live, and as of when. */
export function drawStrip(place, { known }) {
  const past = Boolean(choice.to);
  const trouble = known.trouble && say(known.trouble);
  const parts = past ? [[say("ui.as_of"), dayAndTime(choice.to)]] : reach(known.reach ?? {});
  const refilling = known.reach?.refilling ?? null;
  once(place, [parts, past, trouble, refilling, known.zone, say("ui.live")], () => [
    element("span", { class: `lamp ${trouble ? "trouble" : past ? "past" : "live"}` }, trouble || say(past ? "ui.past" : "ui.live")),
    ...parts.map(([label, text]) => element("span", { class: "fact" }, `${label} `, element("b", {}, text))),
    refilling === null ? null : element("span", { class: "fact" }, `${say("status.taken_in_again")} `, element("b", {}, String(refilling))),
    known.newest ? element("span", { class: "fact" }, zone(known.zone)) : null,
  ]);
}
