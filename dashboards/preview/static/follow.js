import { choice } from "./choice.js";
import { element, replace } from "./elements.js";
import { day, say, shortTime } from "./format.js";
import { get } from "./server.js";
import { known } from "./shell.js";

/** Where the reader's name is remembered, for the next note. */
const WHO = "ascolto-who";

/** The place below an alert for what was done about it. */
export const followPlace = ({ agency, kind, since }) => element("div", { class: "follow", "data-agency": agency, "data-kind": kind, "data-since": since });

const drawn = new WeakMap();

/** Draws below each alert what was done about it, and the way to add to it, for readers of the whole client company; true when that is known. */
export async function drawFollowUps() {
  const places = [...document.querySelectorAll(".follow")];
  if (!known.definition.follow_up || !places.length) return true;
  let alerts, may_act;
  try {
    ({ alerts, may_act } = await get("/api/alerts", { client: choice.client }));
  } catch {
    return false;
  }
  for (const place of places) {
    const { agency, kind, since } = place.dataset;
    const alert = alerts.find((each) => each.agency_id === agency && each.kind === kind && new Date(each.since).getTime() === new Date(since).getTime());
    const seen = JSON.stringify([alert, may_act, choice.lang]);
    if (!alert || drawn.get(place) === seen) continue;
    drawn.set(place, seen);
    if (may_act) draw(place, alert);
    else replace(place);
  }
  return true;
}

/** One line of what was done. */
function line({ action, who, text, at }) {
  if (action === "acknowledged") return say("follow.acknowledged", { who, at: shortTime(at) });
  if (action === "owner") return say("follow.owner", { text });
  return `${day(at)}, ${who}: ${text}`;
}

/** Draws what was done and the form; what the reader has typed stays. */
function draw(place, alert) {
  const typed = (name) => place.querySelector(`[name=${name}]`)?.value;
  const who = element("input", { name: "who", maxlength: 80, autocomplete: "name", value: typed("who") ?? known.definition.visitor?.user ?? localStorage.getItem(WHO) ?? "", "data-key": `who-${alert.alert_id}` });
  const note = element("input", { name: "note", maxlength: 1000, value: typed("note"), placeholder: say("follow.note.hint"), "data-key": `note-${alert.alert_id}` });
  const wrong = element("p", { class: "wrong", role: "status" });
  const act = async (action, text) => {
    const name = who.value.trim();
    if (!name || (action === "note" && !text)) {
      wrong.textContent = say("follow.failed", { message: say(name ? "follow.needs_note" : "follow.needs_name") });
      (name ? note : who).focus();
      return;
    }
    localStorage.setItem(WHO, name);
    wrong.textContent = "";
    const message = await send(alert, { action, who: name, text });
    if (message) {
      wrong.textContent = say("follow.failed", { message });
      return;
    }
    const written = place.querySelector("[name=note]");
    if (action === "note" && written.value.trim() === text) written.value = "";
    await drawFollowUps();
  };
  const taken = alert.acknowledged_by !== null;
  replace(place,
    taken || alert.actions.length ? element("ul", {}, alert.actions.map((each) => element("li", {}, line(each)))) : element("p", { class: "quiet" }, say("follow.none")),
    element("details", { "data-key": `follow-${alert.alert_id}` }, element("summary", {}, say("follow.title")),
      element("form", { on: { submit: (event) => { event.preventDefault(); act("note", note.value.trim()); } } },
        element("label", { class: "menu" }, element("span", {}, say("follow.who")), who),
        taken ? null : element("button", { type: "button", "data-key": `take-${alert.alert_id}`, on: { click: () => act("acknowledged", "") } }, say("follow.take")),
        element("label", { class: "menu note" }, element("span", {}, say("follow.note")), note),
        element("button", { type: "submit", "data-key": `write-${alert.alert_id}` }, say("follow.write"))), wrong));
}

/** Sends what the reader did; why it was not saved, empty where it was. */
async function send(alert, action) {
  try {
    const response = await fetch(`/api/alerts/${encodeURIComponent(alert.alert_id)}/actions?${new URLSearchParams({ client: choice.client })}`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-Ascolto-Action": "1" }, body: JSON.stringify(action),
    });
    if (response.ok) return "";
    if (response.status !== 400) return say("follow.refused", { status: response.status });
    const { fault, message } = await response.json();
    return say(`follow.wrong.${fault}`, {}, message);
  } catch {
    return say("ui.offline");
  }
}
