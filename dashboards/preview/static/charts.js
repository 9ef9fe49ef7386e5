import { dashOf, symbolOf, themed, themedAgency } from "./colours.js";
import { seen } from "./elements.js";
import { axisDate, measure, say, sayMany, separators, shortTime, wallTime } from "./format.js";
import { behindRow } from "./links.js";
import { nameOf } from "./names.js";
import { leavePoints, reachPoints } from "./points.js";
import { known } from "./shell.js";

const CONFIG = { displayModeBar: false, responsive: true };
const FAMILY = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const TICKS = { rate: ".0%", score: ".2f", nps: "d" };

/** Plotly reads a little markup in its texts: what others named is shown as it is. */
const plain = (text) => seen(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const short = (text) => plain(text.length > 18 ? `${text.slice(0, 17)}…` : text);

let loading = null;

/** Plotly, from the installed package, when the first chart needs it: the page does not wait for it. */
function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => { loading = null; script.remove(); reject(new TypeError("plotly")); });
    script.src = known.definition.plotly;
    document.head.append(script);
  });
  return loading;
}

const font = (size = 12, color = themed("ink")) => ({ family: FAMILY, size, color });

function layout(changes) {
  return {
    font: font(), separators: separators(), showlegend: false, hovermode: "closest", paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
    margin: { l: 46, r: 12, t: 8, b: 48 }, hoverlabel: { bgcolor: themed("paper"), bordercolor: themed("line"), font: font(), align: "left" }, ...changes,
  };
}

const axis = (changes) => ({
  gridcolor: themed("line"), zerolinecolor: themed("few"), linecolor: themed("line"), tickfont: { color: themed("soft") }, fixedrange: true, automargin: true, ...changes,
});

const titled = (key) => ({ text: say(key), font: font(12, themed("soft")) });
const LEGEND = () => ({ orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: font() });

/** Money against customers lost, with both intervals: what collection alone does not show. */
function pair(rows, panel, { smallSample }) {
  const shown = rows.filter((row) => row.recovery_rate !== null && row.churn_rate !== null);
  const traces = shown.map((row) => {
    const few = Math.min(row.recovery_rate_n, row.churn_rate_n) < smallSample;
    const colour = few ? themed("few") : themedAgency(row.agency);
    return {
      type: "scatter", mode: "markers+text", x: [row.recovery_rate], y: [row.churn_rate], customdata: [behindRow(panel, row)],
      text: [`<b>${short(nameOf(row.agency))}</b>`], textposition: "top right", textfont: { color: few ? themed("soft") : themed("ink"), size: 13 }, cliponaxis: false,
      marker: { size: 14, symbol: symbolOf(row.agency), color: colour, line: { color: themed("paper"), width: 2 } },
      error_x: spread(row, "recovery_rate", colour), error_y: spread(row, "churn_rate", colour), hoverinfo: "text",
      hovertext: [[`<b>${plain(nameOf(row.agency))}</b>`,
        `${say("ui.collected_axis")}: <b>${measure("rate", row.recovery_rate)}</b> (n ${measure("count", row.recovery_rate_n)})`,
        `${say("ui.lost_axis")}: <b>${measure("rate", row.churn_rate)}</b> (n ${measure("count", row.churn_rate_n)})`].join("<br>")],
    };
  });
  const reach = (name) => Math.min(1, Math.max(...shown.map((row) => row[name]), 0.05) * 1.15);
  const least = Math.max(0, Math.min(...shown.map((row) => row.recovery_rate_low), 1) - 0.05);
  const corner = { xref: "paper", yref: "paper", x: 1, y: 0, xanchor: "right", yanchor: "bottom", showarrow: false, text: `${say("ui.best_corner")} ↘`, font: font(12, themed("kind")) };
  return [traces, layout({
    margin: { l: 58, r: 26, t: 12, b: 46 }, annotations: [corner],
    xaxis: axis({ title: titled("ui.collected_axis"), tickformat: ".0%", range: [least, reach("recovery_rate_high")] }),
    yaxis: axis({ title: titled("ui.lost_axis"), tickformat: ".0%", range: [0, reach("churn_rate_high")] }),
  })];
}

const spread = (row, name, color) => ({
  type: "data", symmetric: false, color, thickness: 1.3, width: 4, array: [row[`${name}_high`] - row[name]], arrayminus: [row[name] - row[`${name}_low`]],
});

/** Points an agency, joined where both have enough observations; small samples are hollow. Legend, marker and dash tell agencies apart without colour. */
function series(rows, panel, { window }) {
  const traces = [...new Set(rows.map((row) => row.agency))].flatMap((agency) => {
    const own = rows.filter((row) => row.agency === agency);
    const colour = themedAgency(agency);
    const times = own.map((row) => wallTime(row.time));
    const thin = own.every((row) => row.sample);
    return [
      { type: "scatter", mode: "lines", x: times, y: own.map((row) => (row.sample ? null : row.value)), connectgaps: false, line: { color: colour, width: 2.2, dash: dashOf(agency) }, hoverinfo: "skip", showlegend: false },
      { type: "scatter", mode: "markers", name: short(nameOf(agency)), x: times, y: own.map((row) => row.value), hoverinfo: "text",
        customdata: own.map((row) => behindRow(panel, row, window)),
        marker: { size: own.length > 60 ? 5 : 7, symbol: symbolOf(agency), color: own.map((row) => (row.sample ? themed("paper") : colour)), line: { color: colour, width: 1.3 }, opacity: own.map((row) => (row.sample && !thin ? 0.6 : 1)) },
        hovertext: own.map((row) => `<b>${plain(nameOf(agency))}</b> ${shortTime(row.time)}<br>${panel.title}: <b>${measure(panel.unit, row.value)}</b>${row.sample ? `<br>${say("ui.small_sample")}` : ""}`) },
    ];
  });
  const values = rows.map((row) => row.value);
  const pad = panel.unit === "nps" ? 12 : 0.06;
  const range = [Math.max(panel.low, Math.min(...values) - pad), Math.min(panel.high, Math.max(...values) + pad)];
  return [traces, layout({
    margin: { l: 46, r: 16, t: 30, b: 34 }, showlegend: true, legend: LEGEND(),
    xaxis: axis({ type: "date", tickformat: axisDate(), nticks: 8, showgrid: false }),
    yaxis: axis({ range, nticks: 6, tickformat: TICKS[panel.unit] }),
  })];
}

/** The share of customers who stay, day by day since first contact, with its interval behind it. */
function staying(rows, panel) {
  const traces = [...new Set(rows.map((row) => row.agency))].flatMap((agency) => {
    const own = rows.filter((row) => row.agency === agency);
    const colour = themedAgency(agency);
    const days = own.map((row) => row.day);
    const bound = (side) => own.map((row) => row[side] ?? row.value);
    return [
      { type: "scatter", mode: "lines", x: [...days, ...days.toReversed()], y: [...bound("high"), ...bound("low").toReversed()], fill: "toself", fillcolor: `${colour}22`, line: { width: 0 }, hoverinfo: "skip", showlegend: false },
      { type: "scatter", mode: "lines", name: short(nameOf(agency)), x: days, y: own.map((row) => row.value), customdata: own.map((row) => behindRow(panel, row)), line: { color: colour, width: 2.4, dash: dashOf(agency) },
        hoverinfo: "text", hovertext: own.map((row) => [`<b>${plain(nameOf(agency))}</b> ${say("ui.staying_day", { day: row.day })}`,
          `${say("ui.staying_axis")}: <b>${measure("rate", row.value)}</b>`,
          ...(row.low === null ? [] : [`${say("ui.interval")}: ${measure("rate", row.low)} … ${measure("rate", row.high)}`]),
          sayMany("ui.still_observed", row.at_risk, { n: measure("count", row.at_risk) })].join("<br>")) },
    ];
  });
  const least = Math.min(...rows.map((row) => row.low ?? row.value));
  return [traces, layout({
    margin: { l: 50, r: 16, t: 30, b: 46 }, showlegend: true, legend: LEGEND(),
    xaxis: axis({ title: titled("ui.days_axis"), rangemode: "tozero", showgrid: false }),
    yaxis: axis({ range: [Math.max(0, least - 0.03), 1.005], nticks: 6, tickformat: TICKS.rate }),
  })];
}

const SHAPES = { pair, series, staying };

/** Draws a panel's rows as a chart whose points lead to the conversations behind them, or moves the drawing on to them. */
export async function drawChart(place, rows, panel, context) {
  const Plotly = await plotly();
  place.querySelector(":scope > .quiet, :scope > .skeleton")?.remove();
  const [traces, made] = SHAPES[panel.shape](rows, panel, context);
  await Plotly.react(place, traces, made, CONFIG);
  place.removeAllListeners("plotly_click");
  place.on("plotly_click", ({ points }) => {
    const address = [points[0].customdata].flat()[0];
    if (address) location.assign(address);
  });
  reachPoints(place, panel.title);
}

/** Removes a chart, so that something else can stand in its place. */
export function removeChart(place) {
  leavePoints(place);
  if (place.classList.contains("js-plotly-plot")) window.Plotly.purge(place);
}
