import { element } from "./elements.js";
import { measure, say } from "./format.js";
import { nameOf } from "./names.js";

/** The agency whose interval lies entirely above (or below) those of all others with enough observations. */
export function apart(rows, id, smallSample) {
  const compared = rows.filter((row) => row[id] !== null && row[`${id}_n`] >= smallSample);
  const stands = (one, test) => compared.length > 1 && compared.every((other) => other === one || test(other));
  return {
    compared,
    highest: compared.find((one) => stands(one, (other) => one[`${id}_low`] > other[`${id}_high`])) ?? null,
    lowest: compared.find((one) => stands(one, (other) => one[`${id}_high`] < other[`${id}_low`])) ?? null,
  };
}

/** There are always many votes or customers: an agency with few is not compared. */
function sentence(key, row, id, unit) {
  const n = measure("count", row[`${id}_n`]);
  return say(key, {
    agency: nameOf(row.agency), value: measure(unit, row[id]), low: measure(unit, row[`${id}_low`]), high: measure(unit, row[`${id}_high`]), votes: n, customers: n,
  });
}

/** What can be said of one figure: who stands out, or that nobody does for certain. */
function findings(rows, id, unit, smallSample) {
  const { compared, highest, lowest } = apart(rows, id, smallSample);
  if (!compared.length) return [say(`verdict.${id}.few`)];
  if (compared.length === 1) return [sentence(`verdict.${id}.${rows.length === 1 ? "single" : "alone"}`, compared[0], id, unit)];
  const said = [];
  if (highest) said.push(sentence(`verdict.${id}.highest`, highest, id, unit));
  if (lowest && (compared.length > 2 || !highest)) said.push(sentence(`verdict.${id}.lowest`, lowest, id, unit));
  if (said.length) return said;
  const count = (row) => measure("count", row[`${id}_n`]);
  const inOrder = compared.toSorted((a, b) => a[id] - b[id]);
  const [low, high] = [inOrder[0], inOrder.at(-1)];
  if (low[`${id}_high`] < high[`${id}_low`]) return [say(`verdict.${id}.pair`, {
    low: nameOf(low.agency), high: nameOf(high.agency), least: measure(unit, low[id]), most: measure(unit, high[id]), least_n: count(low), most_n: count(high),
  })];
  const values = inOrder.map((row) => row[id]);
  return [say(`verdict.${id}.alike`, { low: measure(unit, Math.min(...values)), high: measure(unit, Math.max(...values)) })];
}

/** The answer in a few sentences: how customers judge, how many are lost, how much is collected. It speaks of a difference only where intervals are apart. */
export function drawVerdict(rows, smallSample) {
  return element("dl", { class: "verdict" }, [["nps", "nps"], ["churn_rate", "rate"], ["recovery_rate", "rate"]].map(([id, unit]) =>
    element("div", {}, element("dt", {}, say(`verdict.${id}`)), element("dd", {}, findings(rows, id, unit, smallSample).join(" ")))));
}
