import { colourOf } from "./colours.js";
import { element, replace } from "./elements.js";
import { measure, outside, say } from "./format.js";
import { behind, behindDriver } from "./links.js";
import { nameOf, titleOf } from "./names.js";

const percent = (value, [low, high]) => `${Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100))}%`;

/** A line with a figure's place on it, and its interval where it has one. */
export function track({ value, low = null, high = null }, range) {
  const line = element("span", { class: "track", "aria-hidden": "true" });
  if (range[0] < 0) line.append(element("i", { class: "zero", style: { left: percent(0, range) } }));
  if (value === null) return line;
  if (low === null) {
    const [from, to] = value < Math.max(range[0], 0) ? [value, 0] : [Math.max(range[0], 0), value];
    line.append(element("i", { class: "bar", style: { left: percent(from, range), right: `calc(100% - ${percent(to, range)})` } }));
  } else {
    line.append(element("i", { class: "whisker", style: { left: percent(low, range), right: `calc(100% - ${percent(high, range)})` } }));
  }
  line.append(element("i", { class: "point", style: { left: percent(value, range) } }));
  return line;
}

/** A figure's interval in words; why it has none. */
export function interval({ value, low = null, high = null }, unit) {
  if (low === null) return "";
  return outside({ value, low, high }) ? say("ui.too_few") : `${measure(unit, low)} … ${measure(unit, high)}`;
}

/** The scale that all rows of a figure share. */
export function scaleOf(panel, rows) {
  if (["nps", "score", "correlation"].includes(panel.unit)) return [panel.low, panel.high];
  const top = Math.max(...rows.map((row) => row.high ?? row.value ?? 0), panel.unit === "rate" ? 0.05 : 1) * 1.08;
  return [0, panel.unit === "rate" ? Math.min(1, top) : top];
}

/** One line an agency: its name, value, interval and n; it leads to the conversations behind it. */
export function drawFigure(place, rows, panel, { smallSample }) {
  const range = scaleOf(panel, rows);
  replace(place, element("ul", { class: "figures" }, rows.map((row) => element("li", {},
    element("a", { class: row.n < smallSample ? "few" : "", href: behind(panel.id, row.agency), style: { "--agency": colourOf(row.agency) }, "data-key": `${panel.id}-${row.agency}`, title: row.n < smallSample ? say("ui.small_sample") : null },
      element("span", { class: "name", title: titleOf(row.agency) }, nameOf(row.agency)), element("b", {}, measure(panel.unit, row.value)), track(row, range),
      element("small", {}, [interval(row, panel.unit), `n ${measure("count", row.n)}`].filter(Boolean).join(" · ")))))));
}

/** How often each reason came up: a line a reason, a bar an agency, as a share of its conversations. */
export function drawDrivers(place, rows) {
  const agencies = [...new Set(rows.map((row) => row.agency))].sort();
  const found = new Map(rows.map((row) => [`${row.driver} ${row.agency}`, row.calls]));
  const of = new Map(rows.map((row) => [row.agency, row.n]));
  const total = (driver) => agencies.reduce((sum, agency) => sum + (found.get(`${driver} ${agency}`) ?? 0), 0);
  const drivers = [...new Set(rows.map((row) => row.driver))].sort((a, b) => total(b) - total(a));
  const share = (driver, agency) => (found.get(`${driver} ${agency}`) ?? 0) / of.get(agency);
  const most = Math.max(...drivers.flatMap((driver) => agencies.map((agency) => share(driver, agency))), 0.01);
  replace(place, element("div", { class: "scroll" }, element("table", { class: "drivers" },
    element("caption", {}, say("ui.drivers_caption")),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, say("column.driver")), agencies.map((agency) =>
      element("th", { scope: "col", title: titleOf(agency) }, element("span", { class: "agency", style: { "--agency": colourOf(agency) } }, nameOf(agency)))))),
    element("tbody", {}, drivers.map((driver) => element("tr", {}, element("th", { scope: "row" }, say(`driver.${driver}`, {}, driver)),
      agencies.map((agency) => {
        const calls = found.get(`${driver} ${agency}`) ?? 0;
        const part = share(driver, agency);
        return element("td", { style: { "--agency": colourOf(agency) } }, calls
          ? element("a", { href: behindDriver(driver, agency), "data-key": `${driver}-${agency}`, title: `${nameOf(agency)}: ${say(`driver.${driver}`, {}, driver)}, ${measure("count", calls)}` },
            element("span", { class: "share", style: { "--share": part / most } }), element("b", {}, measure("share", part)), element("small", {}, `n ${measure("count", calls)}`))
          : element("span", { class: "none" }, "–"));
      })))))));
}

/** Customers lost in the least and in the most aggressively treated quarter, two lines an agency. */
export function drawQuarters(place, rows, { smallSample }) {
  const top = Math.min(1, Math.max(...rows.map((row) => Math.max(row.most_high ?? 0, row.least_high ?? 0)), 0.05) * 1.06);
  const line = (row, side) => {
    const figure = { value: row[side], low: row[`${side}_low`], high: row[`${side}_high`] };
    const n = row[`${side}_n`];
    return element("a", { class: `${side} ${n !== null && n < smallSample ? "few" : ""}`, href: behind(side, row.agency), "data-key": `${side}-${row.agency}` },
      element("span", { class: "name" }, say(`column.${side}`)), element("b", {}, measure("rate", row[side])), track(figure, [0, top]),
      element("small", {}, row[side] === null ? say("ui.too_few_customers") : `${interval(figure, "rate")} · n ${measure("count", n)}`));
  };
  replace(place, element("ul", { class: "figures quarters" }, rows.map((row) => element("li", {},
    element("h3", { style: { "--agency": colourOf(row.agency) }, title: titleOf(row.agency) }, nameOf(row.agency)), line(row, "least"), line(row, "most")))));
}
