import { addressOf, choice } from "./choice.js";

/** The conversations behind a figure, and which of them come first. */
const BEHIND = {
  nps: { order: "least_rating" },
  nps_predicted: { rating: "none" },
  aggression: { order: "aggression" },
  empathy: { order: "empathy" },
  sentiment: { order: "least_sentiment" },
  churn_rate: { outcome: "lost", order: "aggression" },
  recovery_rate: { outcome: "paid", order: "empathy" },
  amount_recovered: { outcome: "paid", order: "empathy" },
  churn_correlation: { outcome: "lost", order: "aggression" },
  payment_correlation: { outcome: "paid", order: "empathy" },
  aggression_over_time: { order: "aggression" },
  nps_over_time: { order: "least_rating" },
  least: { outcome: "lost", order: "least_aggression" },
  most: { outcome: "lost", order: "aggression" },
  staying: { outcome: "lost" },
  aggression_rise: { order: "aggression" },
  nps_fall: { order: "least_rating" },
};

/** The address of the conversations behind an agency's figure; `changes` narrow it. */
export const behind = (figure, agency, changes = {}) => addressOf("/conversations", { agency, ...BEHIND[figure], ...changes });

/** The address of the conversations in which an agency's customers gave a reason. */
export const behindDriver = (driver, agency) => addressOf("/conversations", { agency, driver });

/** The address of one conversation, at one of its turns. */
export const conversationAddress = (conversation, agency, turn = null) =>
  `${addressOf("/conversation", { conversation, agency })}${turn ? `#turn-${turn}` : ""}`;

const DAYS = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 };

/** The shortest window that reaches back from the time shown to an instant. */
export function windowSince(since, until) {
  const days = (new Date(choice.to || until) - new Date(since)) / 86_400_000;
  return Object.keys(DAYS).find((window) => DAYS[window] >= days) ?? "90d";
}

const STEP_MS = { "24h": 6 * 3_600_000 };

/** The address of the conversations behind a row of a chart: those of its agency and, on a chart over time, of its time. */
export function behindRow(panel, row, window) {
  const figure = panel.shape === "pair" ? "churn_rate" : panel.shape === "comparison" ? "nps" : panel.id;
  if (panel.shape !== "series") return behind(figure, row.agency);
  if (panel.id !== "aggression_over_time") return behind(figure, row.agency, { to: row.time });
  const end = new Date(row.time).getTime() + (STEP_MS[window] ?? 24 * 3_600_000) - 3_600_000;
  return behind(figure, row.agency, { window: "24h", to: new Date(end).toISOString().replace(".000Z", "+00:00") });
}
