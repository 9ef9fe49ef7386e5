"""The figures recomputed from the journal with SQL alone, beside those that were streamed.

Nothing here shares code with the streams: `recomputation/*.sql` states the definitions again, each
file one step that names the steps before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from infra.clickhouse.comparison import Difference, Sides, differences
from infra.clickhouse.queries.shared_sql import figures_sql, with_shared
from processors.contact_hours import conduct_code
from processors.engagements.horizons import Horizons
from processors.event_time import HOUR_US
from schemas.figures import MetricWindow
from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    ATTEMPTS,
    CALL_SURVEYS,
    CALLS,
    CONTACT_EXCESSES,
    ENGAGEMENTS,
    HOUR_SUMS,
    Table,
)

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_LONGEST_DAYS = max(window.hours for window in MetricWindow) // 24

_STEPS = (
    "journaled",
    "journaled_calls",
    "journaled_attempts",
    "answers",
    "conversations",
    "recomputed_surveys",
    "recomputed_excesses",
    "returns",
    "payments",
    "cancellations",
    "chains",
    "engagement_facts",
    "recomputed_engagements",
    "correlated",
    "moments",
    "recomputed_hours",
    "asked",
)


_HOURS = "recomputed_hours"
_AFTER_HOURS = ("asked", "passed_sums", "unknown_sums", "window_sums", "recomputed_figures")


@dataclass(frozen=True)
class Comparison:
    """What of a table is compared, and with what."""

    table: Table
    time: str
    """The column by which a row is within the time asked for."""
    recomputed: str
    """The step that recomputes the table."""
    left_out: tuple[str, ...] = ()
    absent_is_zero: bool = False
    """A row that is not there is one of zeros."""

    @property
    def figures(self) -> tuple[str, ...]:
        """The columns compared."""
        bookkeeping = {*self.table.key, "version", "is_deleted", *self.left_out}
        return tuple(name for name in self.table.columns if name not in bookkeeping)


_P_VALUES = ("churn_correlation_p", "payment_correlation_p")
_OF_A_CALL = (
    "customer", "ended_at", "service", "touchpoint", "channel", "customer_type", "survey_rating",
    "speakers",
)  # fmt: skip

COMPARISONS = (
    Comparison(
        CALLS,
        "ended_at",
        "journaled_calls",
        left_out=tuple(name for name in CALLS.columns if name not in _OF_A_CALL),
    ),
    Comparison(ATTEMPTS, "ended_at", "journaled_attempts"),
    Comparison(CALL_SURVEYS, "known_at", "recomputed_surveys"),
    Comparison(CONTACT_EXCESSES, "ended_at", "recomputed_excesses"),
    Comparison(ENGAGEMENTS, "opened_at", "recomputed_engagements"),
    Comparison(AGENCY_HOURS, "hour", "recomputed_hours", absent_is_zero=True),
    Comparison(AGENCY_METRICS, "as_of", "recomputed_figures", left_out=("as_of", *_P_VALUES)),
)


@dataclass(frozen=True)
class Reconciled:
    """The outcome: how many rows of each table were compared, and what differs."""

    compared: dict[str, int]
    differences: list[Difference]
    from_the_future: int = 0
    """Events of the journal that are later than the latest that counts."""


def reconcile(
    client: Client,
    begin: datetime,
    end: datetime,
    horizons: Horizons,
    currency: str,
    latest: datetime = datetime(2106, 1, 1, tzinfo=UTC),
) -> Reconciled:
    """Recompute every figure within [begin, end) and compare.

    Args:
        client: the store; nothing should be writing to it, or what is under way differs.
        begin: earliest event time of what is compared (figures before it still count in it).
        end: the end of it.
        horizons: every client's H, as the streamed figures were made with.
        currency: code of the amounts that are summed, likewise.
        latest: events later than this have no effect: they are in the future.

    Returns:
        `Difference.one` is the streamed figure, `.other` the recomputed one.
    """
    code = conduct_code()
    parameters = {
        "begin": begin,
        "end": end,
        "horizon_us": horizons.default_hours * HOUR_US,
        # Neither list may be empty, and no client has an empty name.
        "own_clients": ["", *horizons.by_client],
        "own_horizons_us": [0, *(hours * HOUR_US for hours in horizons.by_client.values())],
        "currency": currency,
        "time_zone": code.timezone.key,
        "per_day": code.per_day,
        "per_week": code.per_week,
        "latest": latest,
    }
    compared = {"events": _count(client, "events", "event_time", parameters)}
    found: list[Difference] = []
    _make_hours(client, parameters)
    for comparison in COMPARISONS:
        table = comparison.table
        compared[table.name] = _count(client, table.name, comparison.time, parameters)
        within = f"WHERE {comparison.time} >= {_BEGIN} AND {comparison.time} < {_END}"
        rows = both_sides(
            client,
            comparison,
            f"{table.name} FINAL {within}",
            f"{comparison.recomputed} {within}",
            with_clause=_with_clause(comparison.recomputed),
            parameters=parameters,
        )
        found += differences(table, comparison.figures, list(rows))
    ahead = client.query(
        "SELECT count() FROM events FINAL WHERE event_time > {latest:DateTime64(6, 'UTC')}",
        parameters={"latest": latest},
    ).result_rows[0][0]
    return Reconciled(compared, found, int(ahead))


def both_sides(
    client: Client,
    comparison: Comparison,
    one: str,
    other: str,
    *,
    with_clause: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> Iterator[Sides]:
    """Rows that are not the same to the last bit in two sources (each what follows a FROM)."""
    key, figures = comparison.table.key, comparison.figures
    take = "sumIf" if comparison.absent_is_zero else "anyIf"
    values = [f"{take}({name}, side = {side})" for side in (1, 2) for name in figures]
    either = " OR ".join(
        f"NOT ifNull({a} = {b}, {a} IS NULL AND {b} IS NULL)"
        for a, b in zip(values[: len(figures)], values[len(figures) :], strict=True)
    )
    there = [f"countIf(side = {side})" for side in (1, 2)]
    if comparison.absent_is_zero:
        there, missing = ["1", "1"], ""
    else:
        missing = f" OR {there[0]} != {there[1]}"
    rows = client.query(
        f"{with_clause}SELECT {', '.join([*key, *there, *values])} FROM ("  # noqa: S608
        f"SELECT {_columns(comparison)}, 1 AS side FROM {one} UNION ALL "
        f"SELECT {_columns(comparison)}, 2 AS side FROM {other}) "
        f"GROUP BY {', '.join(key)} HAVING {either}{missing} ORDER BY {', '.join(key)}",
        parameters=dict(parameters or {}),
    ).result_rows
    for row in rows:
        yield _sides(row, len(key), len(figures))


def _columns(comparison: Comparison) -> str:
    """Key and figures in the table's own types, so that both sides meet in one column."""
    kinds = comparison.table.columns
    names = (*comparison.table.key, *comparison.figures)
    return ", ".join(f"CAST({name} AS {kinds[name]}) AS {name}" for name in names)


def _sides(row: Sequence[Any], keys: int, figures: int) -> Sides:
    has_one, has_other = row[keys : keys + 2]
    one, other = row[keys + 2 : keys + 2 + figures], row[keys + 2 + figures :]
    return Sides(
        tuple(row[:keys]), tuple(one) if has_one else None, tuple(other) if has_other else None
    )


_BEGIN, _END = "{begin:DateTime64(6, 'UTC')}", "{end:DateTime64(6, 'UTC')}"


def _count(client: Client, table: str, time: str, parameters: Mapping[str, Any]) -> int:
    rows = client.query(
        f"SELECT count() FROM {table} FINAL WHERE {time} >= {_BEGIN} AND {time} < {_END}",  # noqa: S608
        parameters=dict(parameters),
    ).result_rows
    return int(rows[0][0])


def _make_hours(client: Client, parameters: Mapping[str, Any]) -> None:
    """Recompute the hourly sums into a temporary table: windows read them several times.

    ClickHouse computes a step of a WITH clause again wherever it is named.
    """
    client.command(f"DROP TEMPORARY TABLE IF EXISTS {_HOURS}")
    client.command(
        f"CREATE TEMPORARY TABLE {_HOURS} AS {_clause(_steps_to(_HOURS))}SELECT * FROM {_HOURS}",  # noqa: S608
        parameters=dict(parameters),
    )


@cache
def _with_clause(recomputed: str) -> str:
    """The steps that a comparison needs beside the hourly sums, which are a table already."""
    steps = _steps_to(recomputed)
    if _HOURS in steps:
        steps = {name: sql for name, sql in steps.items() if name in _AFTER_HOURS}
    return _clause(steps) if steps else ""


def _clause(steps: Mapping[str, str]) -> str:
    return "WITH " + ",\n".join(f"{name} AS (\n{sql}\n)" for name, sql in steps.items()) + "\n"


def _steps_to(last: str) -> dict[str, str]:
    """The steps up to and with `last`, each after those it builds on."""
    steps = _all_steps()
    names = list(steps)
    return {name: steps[name] for name in names[: names.index(last) + 1]}


@cache
def _all_steps() -> dict[str, str]:
    folder = resources.files("infra.clickhouse") / "recomputation"
    steps = {step: (folder / f"{step}.sql").read_text(encoding="utf-8") for step in _STEPS}
    steps |= {
        "passed_sums": _passed_sums(),
        "unknown_sums": _unknown_sums(),
        "window_sums": _window_sums(),
    }
    recomputed = (folder / "recomputed_figures.sql").read_text(encoding="utf-8")
    steps["recomputed_figures"] = with_shared(recomputed, figures_sql)
    return steps


def _passed_sums() -> str:
    """Up to and with each hour, all that has passed, from whenever it is known.

    A window is what two of these differ by, less what was not known yet at its end.
    """
    sums = ", ".join(f"sum({name}) OVER passed AS {name}" for name in HOUR_SUMS)
    return (
        f"SELECT client_id, agency_id, segment, hour, {sums} FROM recomputed_hours "  # noqa: S608
        "WINDOW passed AS (PARTITION BY client_id, agency_id, segment ORDER BY hour)"
    )


def _unknown_sums() -> str:
    """Of each snapshot asked for, the sums of its window that became known after it."""
    sums = ", ".join(f"sum(late.{name}) AS {name}" for name in HOUR_SUMS)
    names = ("client_id", "agency_id", "segment", "window", "day")
    return (
        f"SELECT {', '.join(f'asked.{name} AS {name}' for name in names)}, {sums} FROM ("  # noqa: S608
        "SELECT *, toDate(hour) + arrayJoin(range(toUInt32("
        f"least(toDate(known) - toDate(hour), {_LONGEST_DAYS}) + 1))) AS day "
        "FROM recomputed_hours WHERE known > hour) AS late "
        f"INNER JOIN asked ON {_same('asked', 'late')} AND asked.day = late.day "
        "WHERE late.hour >= asked.begins AND late.hour < asked.ends AND late.known >= asked.ends "
        f"GROUP BY {', '.join(names)}"
    )


def _same(one: str, other: str) -> str:
    return " AND ".join(
        f"{one}.{name} = {other}.{name}" for name in ("client_id", "agency_id", "segment")
    )


def _window_sums() -> str:
    sums = ", ".join(
        f"{_wide(name)}(until.{name}) - {_wide(name)}(before.{name}) "
        f"- {_wide(name)}(unknown.{name}) AS {name}"
        for name in HOUR_SUMS
    )
    return (
        "SELECT asked.client_id AS client_id, asked.agency_id AS agency_id, "  # noqa: S608
        "asked.segment AS segment, asked.window AS window, asked.day AS day, "
        f"asked.as_of AS as_of, asked.is_stored AS is_stored, {sums} FROM asked "
        f"ASOF LEFT JOIN passed_sums AS until ON {_same('asked', 'until')} "
        "AND until.hour < asked.ends "
        f"ASOF LEFT JOIN passed_sums AS before ON {_same('asked', 'before')} "
        "AND before.hour < asked.begins "
        f"LEFT JOIN unknown_sums AS unknown ON {_same('asked', 'unknown')} "
        "AND asked.window = unknown.window AND asked.day = unknown.day"
    )


def _wide(name: str) -> str:
    """The correlations' sums are multiplied with each other before anything is rounded, and
    amounts may be of any size."""
    return "toInt256" if name.startswith(("churn_", "payment_", "amount")) else "toInt64"
