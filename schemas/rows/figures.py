"""Tables of figures by agency: hourly sums, snapshots, alerts, survival curves."""

from __future__ import annotations

from schemas.rows.table import FIGURE, HOUR, LABEL, VERSION, Table

HOUR_SUMS = (
    "calls",
    "promoters",
    "passives",
    "detractors",
    "predicted_promoters",
    "predicted_passives",
    "predicted_detractors",
    "aggression_n",
    "aggression_sum",
    "aggression_sq",
    "empathy_n",
    "empathy_sum",
    "sentiment_n",
    "sentiment_sum",
    "matured",
    "supplier_lost",
    "cancelled",
    "paid",
    "amount",
    "churn_n",
    "churn_x",
    "churn_xx",
    "churn_y",
    "churn_xy",
    "payment_n",
    "payment_x",
    "payment_xx",
    "payment_y",
    "payment_xy",
    "aggression_inferred",
    "empathy_inferred",
    "sentiment_inferred",
)
"""Sufficient statistics of one agency, segment and hour, all exact integers.

Per conversation (at the hour of `ended_at`): counts, of scores also those from inferred speakers;
scores in 1/10^4, squares in 1/10^8.
Per engagement (at the hour it matures): counts; `amount` in 1/10^4 of the currency; the
correlations' x (mean aggression or empathy) in 1/10^12, its square and products likewise
(xx in 1/10^24, xy in 1/10^12 since y is 0 or 1).
"""

AGENCY_HOURS = Table(
    "agency_hours",
    {
        "client_id": LABEL,
        "agency_id": LABEL,
        "segment": LABEL,
        "hour": HOUR,
        "known": HOUR,
        **dict.fromkeys(HOUR_SUMS, "Int128"),
        **VERSION,
    },
    ("client_id", "agency_id", "segment", "hour", "known"),
)
"""Hourly sums: every window as of any time is a sum of these rows.

`known` is the hour from which a row counts, nearly always its own; an answer or a return that
comes later moves sums of `hour` by a row of its own. The window [b, e) holds the rows with
b <= hour < e and known < e.
"""


def _interval(name: str) -> dict[str, str]:
    return {
        name: FIGURE,
        f"{name}_low": FIGURE,
        f"{name}_high": FIGURE,
        f"{name}_n": "UInt64",
    }


def _mean(name: str) -> dict[str, str]:
    return {name: FIGURE, f"{name}_n": "UInt64", f"{name}_n_inferred": "UInt64"}


AGENCY_METRICS = Table(
    "agency_metrics",
    {
        "client_id": LABEL,
        "agency_id": LABEL,
        "segment": LABEL,
        "window": LABEL,
        "day": "Date",
        "as_of": HOUR,
        "calls": "UInt64",
        **_interval("nps"),
        **_interval("nps_predicted"),
        **_mean("aggression"),
        **_mean("empathy"),
        **_mean("sentiment"),
        **_interval("churn_rate"),
        **_interval("recovery_rate"),
        "amount_recovered": "Decimal(38, 4)",
        **_interval("churn_correlation"),
        "churn_correlation_p": FIGURE,
        **_interval("payment_correlation"),
        "payment_correlation_p": FIGURE,
        **VERSION,
    },
    ("client_id", "agency_id", "segment", "window", "day"),
)
"""Snapshots of each window, one row a day: as of the day's end, or of now while the day runs.

The windows' names are 24h, 7d, 30d, 90d. Late events rewrite the days they touch.
"""

ALERTS = Table(
    "alerts",
    {
        "alert_id": "String",
        "client_id": LABEL,
        "agency_id": LABEL,
        "kind": LABEL,
        "status": LABEL,
        "since": HOUR,
        "opened_at": HOUR,
        "resolved_at": "Nullable(DateTime('UTC'))",
        "baseline": "Float64",
        "level": "Float64",
        "rise_points": "Float64",
        "rise_sd": "Float64",
        "n": "UInt64",
        "quotes": "Array(Tuple(event_id String, turn UInt32, text String, aggression Float64))",
        **VERSION,
    },
    ("client_id", "agency_id", "alert_id"),
)
"""Alerts in their latest state; status is open, resolved or retracted (a late event undid it)."""

SURVIVAL = Table(
    "survival",
    {
        "client_id": LABEL,
        "window": LABEL,
        "as_of": HOUR,
        "group_kind": LABEL,
        "group_name": LABEL,
        "horizon_days": "UInt16",
        "n": "UInt64",
        "events": "UInt64",
        "days": "Array(UInt16)",
        "staying": "Array(Float64)",
        "low": "Array(Nullable(Float64))",
        "high": "Array(Nullable(Float64))",
        "at_risk": "Array(UInt64)",
        "logrank_statistic": FIGURE,
        "logrank_p": FIGURE,
        "logrank_n": "UInt64",
        **VERSION,
    },
    ("client_id", "window", "as_of", "group_kind", "group_name"),
)
"""Kaplan-Meier curves, written by `ascolto figures --survival`: one row a curve.

`group_kind` is agency or aggression_tercile; `days`, `staying`, `low`, `high` and `at_risk` go
together. The rows of one writing share their version: of a client, window and `as_of`, those of
the greatest version count.
"""
