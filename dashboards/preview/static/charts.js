import { FAINT, GREY, INK, SOFT, colourOf } from "./colours.js";
import { seen } from "./elements.js";
import { axisDate, measure, outside, say, sayMany, separators } from "./format.js";
import { nameOf } from "./names.js";

const CONFIG = { displayModeBar: false, responsive: true };
const FONT = { family: "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif", size: 12, color: INK };

/** Plotly reads a little markup in its texts: what others named is shown as it is. */
const plain = (text) => seen(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const short = (text) => plain(text.length > 16 ? `${text.slice(0, 15)}…` : text);

const TICKS = { rate: ".0%", score: ".1f", correlation: ".1f", nps: "d", money: ",.0f" };

function layout(changes) {
  return {
    font: FONT, separators: separators(), showlegend: false, hovermode: "closest",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
    margin: { l: 46, r: 12, t: 8, b: 48 }, hoverlabel: { bgcolor: "#fff", bordercolor: FAINT, font: FONT, align: "left" },
    ...changes,
  };
}

const axis = (changes) => ({
  gridcolor: FAINT, zerolinecolor: "#c3ccd4", linecolor: FAINT, tickfont: { color: SOFT }, fixedrange: true, automargin: true, ...changes,
});

function hover(row, panel) {
  const lines = [`<b>${plain(nameOf(row.agency))}</b>`, `${panel.title}: <b>${measure(panel.unit, row.value)}</b>`];
  if (row.low !== undefined && row.low !== null) {
    lines.push(`${say("ui.interval")}: ${measure(panel.unit, row.low)} … ${measure(panel.unit, row.high)}`);
    if (outside(row)) lines.push(say("ui.outside"));
  }
  lines.push(`n ${measure("count", row.n)}`);
  return lines.join("<br>");
}

/** A bar an agency, one below the other, with its interval; value and n at the right. */
function figure(rows, panel, { smallSample }) {
  const few = (row) => row.n < smallSample;
  const bounded = rows.some((row) => row.low !== undefined && row.low !== null);
  const top = Math.max(...rows.map((row) => row.high ?? row.value ?? 0));
  const range = panel.unit === "rate" ? [0, Math.min(1, Math.max(top * 1.08, 0.05))] : panel.high === null ? [0, top * 1.08 || 1] : [panel.low, panel.high];
  const places = rows.map((_, i) => i);
  const margin = panel.unit === "money" ? 78 : 58;
  const trace = {
    type: "bar", orientation: "h", y: places, x: rows.map((row) => row.value), width: 0.5,
    marker: { color: rows.map((row) => (few(row) ? GREY : colourOf(row.agency))), opacity: 0.88 },
    hovertext: rows.map((row) => hover(row, panel)), hoverinfo: "text",
    error_x: bounded ? {
      type: "data", symmetric: false, color: INK, thickness: 1.3, width: 4,
      array: rows.map((row) => (row.high === null ? 0 : Math.max(0, row.high - row.value))),
      arrayminus: rows.map((row) => (row.low === null ? 0 : Math.max(0, row.value - row.low))),
    } : undefined,
  };
  const values = rows.map((row, i) => ({
    xref: "paper", x: 1, xanchor: "right", xshift: margin - 4, y: i, align: "right", showarrow: false,
    text: `<b>${measure(panel.unit, row.value)}</b><br><span style="font-size:10px;color:#8d98a3">n ${measure("count", row.n)}</span>`,
    font: { size: 13, color: few(row) ? "#8d98a3" : INK },
  }));
  return [[trace], layout({
    margin: { l: 10, r: margin, t: 4, b: 24 }, annotations: values,
    yaxis: axis({ tickvals: places, ticktext: rows.map((row) => short(nameOf(row.agency))), range: [rows.length - 0.5, -0.5], showgrid: false, zeroline: false, tickfont: { color: INK, size: 12 }, ticks: "outside", tickcolor: "rgba(0,0,0,0)", ticklen: 4 }),
    xaxis: axis({ range, nticks: 4, tickangle: 0, tickformat: panel.unit === "money" ? "~s" : TICKS[panel.unit], tickfont: { color: SOFT, size: 11 } }),
  })];
}

/** Collected against lost, with both intervals: what collection alone does not show. */
function pair(rows, panel, { smallSample }) {
  const known = rows.filter((row) => row.recovery_rate !== null && row.churn_rate !== null);
  const traces = known.map((row) => {
    const few = Math.min(row.recovery_rate_n, row.churn_rate_n) < smallSample;
    const colour = few ? GREY : colourOf(row.agency);
    return {
      type: "scatter", mode: "markers+text", x: [row.recovery_rate], y: [row.churn_rate],
      text: [`<b>${short(nameOf(row.agency))}</b>`], textposition: "top right", textfont: { color: few ? SOFT : colour, size: 13 }, cliponaxis: false,
      marker: { size: 15, color: colour, line: { color: "#fff", width: 2 } },
      error_x: spread(row, "recovery_rate", colour), error_y: spread(row, "churn_rate", colour), hoverinfo: "text",
      hovertext: [[`<b>${plain(nameOf(row.agency))}</b>`,
        `${say("ui.collected_axis")}: <b>${measure("rate", row.recovery_rate)}</b> (n ${measure("count", row.recovery_rate_n)})`,
        `${say("ui.lost_axis")}: <b>${measure("rate", row.churn_rate)}</b> (n ${measure("count", row.churn_rate_n)})`].join("<br>")],
    };
  });
  const reach = (name) => Math.min(1, Math.max(...known.map((row) => row[name]), 0.05) * 1.15);
  const least = Math.max(0, Math.min(...known.map((row) => row.recovery_rate_low), 1) - 0.05);
  const corner = { xref: "paper", yref: "paper", x: 1, y: 0, xanchor: "right", yanchor: "bottom", showarrow: false,
    text: `${say("ui.best_corner")} ↘`, font: { color: "#2b8a67", size: 12 } };
  return [traces, layout({
    margin: { l: 58, r: 26, t: 12, b: 46 }, annotations: [corner],
    xaxis: axis({ title: { text: say("ui.collected_axis"), font: { color: SOFT, size: 12 } }, tickformat: ".0%", range: [least, reach("recovery_rate_high")] }),
    yaxis: axis({ title: { text: say("ui.lost_axis"), font: { color: SOFT, size: 12 } }, tickformat: ".0%", range: [0, reach("churn_rate_high")] }),
  })];
}

const spread = (row, name, color) => ({
  type: "data", symmetric: false, color, thickness: 1.3, width: 4,
  array: [row[`${name}_high`] - row[name]], arrayminus: [row[name] - row[`${name}_low`]],
});

function series(rows, panel) {
  const traces = [...new Set(rows.map((row) => row.agency))].map((agency) => {
    const own = rows.filter((row) => row.agency === agency);
    const colour = colourOf(agency);
    return {
      type: "scatter", mode: "lines+markers", x: own.map((row) => row.time), y: own.map((row) => row.value),
      line: { color: colour, width: 2.2 }, hoverinfo: "text",
      marker: { size: own.length > 60 ? 4 : 6, color: own.map((row) => (row.sample ? "#fff" : colour)), line: { color: colour, width: 1.4 } },
      hovertext: own.map((row) => `<b>${plain(nameOf(agency))}</b> ${row.time.slice(8, 10)}/${row.time.slice(5, 7)} ${row.time.slice(11, 16)}<br>${panel.title}: <b>${measure(panel.unit, row.value)}</b>${row.sample ? `<br>${row.sample.replace("<", "&lt;")}` : ""}`),
    };
  });
  const values = rows.map((row) => row.value);
  const pad = panel.unit === "nps" ? 12 : 0.06;
  const range = [Math.max(panel.low, Math.min(...values) - pad), Math.min(panel.high, Math.max(...values) + pad)];
  return [traces, layout({
    margin: { l: 46, r: 16, t: 10, b: 34 },
    xaxis: axis({ type: "date", tickformat: axisDate(), nticks: 8, showgrid: false }),
    yaxis: axis({ range, nticks: 6, tickformat: panel.unit === "score" ? ".2f" : TICKS[panel.unit] }),
  })];
}

function counts(rows, panel) {
  const totals = new Map();
  for (const row of rows) totals.set(row.driver, (totals.get(row.driver) ?? 0) + row.calls);
  const drivers = [...totals.keys()].sort((a, b) => totals.get(a) - totals.get(b));
  const agencies = [...new Set(rows.map((row) => row.agency))].sort().reverse();
  const name = (driver) => plain(say(`driver.${driver}`, {}, driver));
  const traces = agencies.map((agency) => {
    const own = new Map(rows.filter((row) => row.agency === agency).map((row) => [row.driver, row.calls]));
    return {
      type: "bar", orientation: "h", y: drivers.map(name), x: drivers.map((driver) => own.get(driver) ?? 0), marker: { color: colourOf(agency), opacity: 0.88 },
      hoverinfo: "text", hovertext: drivers.map((driver) => `<b>${plain(nameOf(agency))}</b><br>${name(driver)}: <b>${measure("count", own.get(driver) ?? 0)}</b>`),
    };
  });
  return [traces, layout({
    barmode: "group", bargap: 0.3, bargroupgap: 0.08, margin: { l: 20, r: 16, t: 4, b: 30 },
    xaxis: axis({ nticks: 6, tickformat: ",d", rangemode: "tozero" }), yaxis: axis({ showgrid: false, tickfont: { color: INK }, ticks: "outside", tickcolor: "rgba(0,0,0,0)", ticklen: 6 }),
  })];
}

const LEAST = "#2b8a67";
const MOST = "#b3434c";

/** Customers lost in the least and in the most aggressive quarter, two bars an agency. */
function quarters(rows, panel, { smallSample }) {
  const places = rows.map((_, i) => i);
  const top = Math.max(...rows.map((row) => Math.max(row.most_high ?? 0, row.least_high ?? 0)), 0.05);
  const traces = [["least", LEAST], ["most", MOST]].map(([side, colour]) => ({
    type: "bar", orientation: "h", name: say(`column.${side}`), y: places, x: rows.map((row) => row[side]),
    marker: { color: rows.map((row) => (row[`${side}_n`] !== null && row[`${side}_n`] < smallSample ? GREY : colour)), opacity: 0.88 },
    error_x: {
      type: "data", symmetric: false, color: INK, thickness: 1.3, width: 4,
      array: rows.map((row) => (row[side] === null ? 0 : row[`${side}_high`] - row[side])),
      arrayminus: rows.map((row) => (row[side] === null ? 0 : row[side] - row[`${side}_low`])),
    },
    hoverinfo: "text",
    hovertext: rows.map((row) => [`<b>${plain(nameOf(row.agency))}</b>`, `${say(`column.${side}`)}: <b>${measure("rate", row[side])}</b>`,
      `${say("ui.interval")}: ${measure("rate", row[`${side}_low`])} … ${measure("rate", row[`${side}_high`])}`, `n ${measure("count", row[`${side}_n`])}`].join("<br>")),
  }));
  const values = rows.flatMap((row, i) => [["least", -0.2], ["most", 0.2]].map(([side, shift]) => ({
    xref: "paper", x: 1, xanchor: "right", xshift: 104, y: i + shift, showarrow: false, align: "right",
    text: `<b>${measure("rate", row[side])}</b> <span style="font-size:10px;color:#8d98a3">n ${measure("count", row[`${side}_n`])}</span>`,
    font: { size: 13, color: row[side] === null ? "#8d98a3" : side === "most" ? MOST : LEAST },
  })));
  return [traces, layout({
    barmode: "group", bargap: 0.35, bargroupgap: 0.08, annotations: values, showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", font: { size: 12, color: INK } },
    margin: { l: 10, r: 110, t: 30, b: 28 },
    yaxis: axis({ tickvals: places, ticktext: rows.map((row) => short(nameOf(row.agency))), range: [rows.length - 0.5, -0.5], showgrid: false, zeroline: false, tickfont: { color: INK, size: 12 }, ticks: "outside", tickcolor: "rgba(0,0,0,0)", ticklen: 4 }),
    xaxis: axis({ range: [0, Math.min(1, top * 1.06)], nticks: 5, tickformat: TICKS.rate }),
  })];
}

/** The share of customers who stay, day by day since first contact, with its interval behind it. */
function staying(rows) {
  const agencies = [...new Set(rows.map((row) => row.agency))];
  const traces = agencies.flatMap((agency) => {
    const own = rows.filter((row) => row.agency === agency);
    const colour = colourOf(agency);
    const days = own.map((row) => row.day);
    const bound = (side) => own.map((row) => row[side] ?? row.value);
    return [
      { type: "scatter", mode: "lines", x: [...days, ...days.toReversed()], y: [...bound("high"), ...bound("low").toReversed()],
        fill: "toself", fillcolor: `${colour}22`, line: { width: 0 }, hoverinfo: "skip", showlegend: false },
      { type: "scatter", mode: "lines", name: plain(nameOf(agency)), x: days, y: own.map((row) => row.value), line: { color: colour, width: 2.4 },
        hoverinfo: "text", hovertext: own.map((row) => [`<b>${plain(nameOf(agency))}</b> ${say("ui.staying_day", { day: row.day })}`,
          `${say("ui.staying_axis")}: <b>${measure("rate", row.value)}</b>`,
          ...(row.low === null ? [] : [`${say("ui.interval")}: ${measure("rate", row.low)} … ${measure("rate", row.high)}`]),
          sayMany("ui.still_observed", row.at_risk, { n: measure("count", row.at_risk) })].join("<br>")) },
    ];
  });
  const least = Math.min(...rows.map((row) => row.low ?? row.value));
  return [traces, layout({
    margin: { l: 50, r: 16, t: 30, b: 46 }, showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12, color: INK } },
    xaxis: axis({ title: { text: say("ui.days_axis"), font: { color: SOFT, size: 12 } }, rangemode: "tozero", showgrid: false }),
    yaxis: axis({ range: [Math.max(0, least - 0.03), 1.005], nticks: 6, tickformat: TICKS.rate }),
  })];
}

const SHAPES = { figure, pair, series, counts, quarters, staying };

/** Draws a panel's rows, or moves the drawing on to them. */
export function drawChart(place, rows, panel, context) {
  if (panel.shape === "figure") place.style.setProperty("--rows", rows.length);
  const [traces, made] = SHAPES[panel.shape](rows, panel, context);
  return window.Plotly.react(place, traces, made, CONFIG);
}
