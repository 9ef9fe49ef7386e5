import { element } from "./elements.js";
import { say } from "./format.js";

/** Of each chart with points, which one was reached last: its place among all points. */
const reached = new WeakMap();

/** The points of a chart that lead somewhere, line after line. */
const pointsOf = (place) => place.data.flatMap(({ customdata = [], hovertext }, curveNumber) =>
  customdata.map((address, pointNumber) => ({ curveNumber, pointNumber, address, text: [hovertext].flat()[pointNumber] })));

/** Plotly's markup as the sentence that it shows. */
const sentence = (text) => new DOMParser().parseFromString(text.replaceAll("<br>", ", "), "text/html").body.textContent;

/** The point on the line before or after, as far along as this one. */
function beside(points, at, step) {
  const lines = [...new Set(points.map((each) => each.curveNumber))];
  const next = lines[lines.indexOf(points[at].curveNumber) + step];
  const others = points.filter((each) => each.curveNumber === next);
  return others.length ? points.indexOf(others[Math.min(points[at].pointNumber, others.length - 1)]) : at;
}

const MOVES = {
  ArrowRight: (points, at) => Math.min(at + 1, points.length - 1),
  ArrowLeft: (points, at) => Math.max(at - 1, 0),
  ArrowDown: (points, at) => beside(points, at, 1),
  ArrowUp: (points, at) => beside(points, at, -1),
  Home: () => 0,
  End: (points) => points.length - 1,
};

function show(place, at) {
  const points = pointsOf(place);
  const point = points[Math.min(at, points.length - 1)];
  if (!point) return;
  reached.set(place, points.indexOf(point));
  window.Plotly.Fx.hover(place, [{ curveNumber: point.curveNumber, pointNumber: point.pointNumber }]);
  place.nextElementSibling.textContent = sentence(point.text);
}

function press(event) {
  const place = event.currentTarget;
  const points = pointsOf(place);
  const at = Math.min(reached.get(place), points.length - 1);
  if (event.altKey || event.ctrlKey || event.metaKey || !points.length) return;
  if (event.key === "Enter") location.assign(points[at].address);
  else if (event.key in MOVES) show(place, MOVES[event.key](points, at));
  else return;
  event.preventDefault();
}

function leave({ currentTarget: place }) {
  window.Plotly.Fx.unhover(place);
  place.nextElementSibling.textContent = "";
}

const LISTENERS = { keydown: press, blur: leave, focus: ({ currentTarget: place }) => { if (place.matches(":focus-visible")) show(place, reached.get(place)); } };

/** Lets keys reach what the mouse does: arrows move through a chart's points, each shown and read out, Enter opens it. */
export function reachPoints(place, title) {
  place.setAttribute("aria-label", say("ui.points", { title }));
  if (reached.has(place)) {
    if (place.matches(":focus-visible")) show(place, reached.get(place));
    return;
  }
  reached.set(place, 0);
  place.after(element("p", { class: "announced", role: "status" }));
  place.setAttribute("role", "application");
  place.tabIndex = 0;
  for (const [event, listener] of Object.entries(LISTENERS)) place.addEventListener(event, listener);
}

/** Takes that back, where a chart gives way to something else. */
export function leavePoints(place) {
  if (!reached.delete(place)) return;
  for (const [event, listener] of Object.entries(LISTENERS)) place.removeEventListener(event, listener);
  place.nextElementSibling.remove();
  for (const name of ["role", "tabindex", "aria-label"]) place.removeAttribute(name);
}
