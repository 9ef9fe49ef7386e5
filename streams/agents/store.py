"""The `store` agents of what the workers derive: rows of ClickHouse, one agent a table.

A row written again replaces itself. What changes has its message's place as its version: all of an
agency come from one partition, in order, whichever worker writes them and whenever. An engagement's
rows are ordered by its customer's events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.clickhouse.store import Row, Store, Values
from processors.engagements.facts import amount_of
from processors.engagements.horizons import matures_at
from processors.event_time import date_of, day_of, to_datetime, to_us
from schemas import rows, topics
from schemas.changes import ChangeBatch, Engagement, EngagementChange
from schemas.codec import InvalidMessage, decode
from schemas.derived import AgencyAlert, DeadLetter
from schemas.figures import SCORE_UNIT
from schemas.rows import HOUR_SUMS, Table
from schemas.topics import Topic
from streams.agents.row_writer import Made, RowSettings, RowWriter
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.hours_codec import HoursOfAgency, HourSums, decode_hours
from streams.runtime.snapshots_codec import Figures, decode_snapshots
from streams.transport.delivery import Delivery

OFFSETS_A_GENERATION = 2**40
"""More than a partition ever has: the offsets of a later generation of topics are greater."""
_PLACES = 2**52
"""Versions from here on are places of messages; before, they were microseconds since the epoch."""
_NO_SUMS = [0] * len(HOUR_SUMS)


Rows = Iterable[Row | Values]
RowsOf = Callable[[Delivery, RowSettings], Rows | InvalidMessage]
"""The rows of a message; or why it cannot be read, where no other agent rejects it."""


@dataclass(frozen=True)
class Sink:
    """One store agent of what the workers derive: the topics it reads, the table it writes."""

    table: Table
    topics: tuple[Topic, ...]
    rows_of: RowsOf


class TableWriter:
    """Handler of one table's agent."""

    def __init__(
        self, sink: Sink, store: Store, settings: RowSettings, dead_letters: DeadLetters
    ) -> None:
        self._writer = RowWriter(sink.table, store, dead_letters)
        self._rows_of = sink.rows_of
        self._settings = settings
        self._dead_letters = dead_letters

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Write the rows of a batch in one insert; of rows with one key only the newest.

        Order of effects: 1. the rows are inserted, 2. the intake acknowledges the batch.
        """
        found: list[Made] = []
        for delivery in batch:
            rows = self._rows_of(delivery, self._settings)
            if isinstance(rows, InvalidMessage):
                await self._dead_letters.reject(delivery, rows)
                continue
            found += ((row, delivery) for row in rows)
        await self._writer.write(found)


def engagement_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """Engagements in their present state, and those that are none any more."""
    batch = delivery.read(ChangeBatch)
    if isinstance(batch, InvalidMessage):
        return []
    made = []
    for positioned in batch.changes:
        change = positioned.change
        version = settings.generation * OFFSETS_A_GENERATION + change.version
        made += [_engagement_row(change, gone, version, is_deleted=1) for gone in change.removed]
        made += [_engagement_row(change, each, version, is_deleted=0) for each in change.after]
    return made


def survey_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """The ratings that surveys gave to conversations after they had ended."""
    batch = delivery.read(ChangeBatch)
    if isinstance(batch, InvalidMessage):
        return []
    made = []
    for positioned in batch.changes:
        change = positioned.change
        call_id, rating = change.event_id, change.conversation and change.conversation.later
        if change.rerated is not None:
            call_id, rating = change.rerated.call_id, change.rerated.after
        if rating is not None:
            made.append(
                {
                    "client_id": change.client_id,
                    "event_id": call_id,
                    "agency_id": change.agency_id,
                    "rating": rating.rating,
                    "known_at": to_datetime(rating.known_at),
                    "version": settings.generation * OFFSETS_A_GENERATION + change.version,
                }
            )
    return made


def excess_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """The conversations above the permitted number of their day or week, and those no longer."""
    batch = delivery.read(ChangeBatch)
    if isinstance(batch, InvalidMessage):
        return []
    return [
        {
            "client_id": change.client_id,
            "agency_id": change.agency_id,
            "event_id": excess.call_id,
            "ended_at": to_datetime(excess.at),
            **excess.segment._asdict(),
            "limit": excess.limit or "",
            "version": settings.generation * OFFSETS_A_GENERATION + change.version,
            "is_deleted": int(excess.limit is None),
        }
        for change in (positioned.change for positioned in batch.changes)
        for excess in change.excesses
    ]


def _engagement_row(
    change: EngagementChange, engagement: Engagement, version: int, is_deleted: int
) -> Row:
    paid, amount = engagement.latest()
    return {
        "client_id": change.client_id,
        "agency_id": change.agency_id,
        "customer": change.customer,
        "opened_at": to_datetime(engagement.opened_at),
        "matures_at": to_datetime(matures_at(engagement, change.horizon_hours)),
        **engagement.segment._asdict(),
        "calls": engagement.calls,
        "scored": engagement.aggression_n,
        "aggression": _mean(engagement.aggression_sum, engagement.aggression_n),
        "empathy": _mean(engagement.empathy_sum, engagement.empathy_n),
        "cancelled": engagement.cancelled,
        "lost_to_supplier": engagement.lost_to_supplier,
        "paid": paid,
        "amount": amount_of(amount),
        "version": version,
        "is_deleted": is_deleted,
    }


def _version(delivery: Delivery, settings: RowSettings) -> int:
    """Greater for each later message of a partition, and of a later generation of topics."""
    return _PLACES + settings.generation * OFFSETS_A_GENERATION + delivery.offset


def _mean(total: int, n: int) -> float | None:
    return total / (SCORE_UNIT * n) if n else None


def hour_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """Hourly sums in their present state."""
    hours = decode_hours(delivery.value)
    if isinstance(hours, InvalidMessage):
        return hours
    version = _version(delivery, settings)
    return [_hour_row(hours, cell, version) for cell in hours.cells]


def _hour_row(hours: HoursOfAgency, cell: HourSums, version: int) -> Values:
    """The row's values in order, times in seconds: five rows an event of 38 values each."""
    sums = _in_order(cell.sums) if isinstance(cell.sums, dict) else cell.sums[: len(HOUR_SUMS)]
    known_us = cell.hour_us if cell.known_us is None else cell.known_us
    return (
        hours.client_id,
        hours.agency_id,
        cell.segment,
        cell.hour_us // 1_000_000,
        known_us // 1_000_000,
        *sums,
        *_NO_SUMS[len(sums) :],
        version,
    )


def _in_order(sums: dict[str, int]) -> list[int]:
    return [sums.get(name, 0) for name in HOUR_SUMS]


def metrics_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """Snapshots of windows; an older version wrote each in a message of its own."""
    snapshots = decode_snapshots(delivery.value)
    if isinstance(snapshots, InvalidMessage):
        return snapshots
    version = _version(delivery, settings)
    return [_snapshot_row(figures, version) for figures in snapshots.figures]


def _snapshot_row(figures: Figures, version: int) -> Row:
    row: dict[str, Any] = {
        "client_id": figures.client_id,
        "agency_id": figures.agency_id,
        "segment": figures.segment,
        "window": figures.window.value,
        "day": date_of(day_of(to_us(figures.as_of))),
        "as_of": figures.as_of,
        "calls": figures.calls,
        "amount_recovered": amount_of(figures.amount_recovered_units),
        "version": version,
    }
    for name in ("nps", "nps_predicted", "churn_rate", "recovery_rate"):
        row |= _interval_columns(name, getattr(figures, name))
    for name in ("aggression", "empathy", "sentiment"):
        mean = getattr(figures, name)
        row |= {name: mean.value, f"{name}_n": mean.n, f"{name}_n_inferred": mean.n_inferred}
    for name in ("churn_correlation", "payment_correlation"):
        correlation = getattr(figures, name)
        row |= _interval_columns(name, correlation) | {f"{name}_p": correlation.p}
    return row


def _interval_columns(name: str, figure: Any) -> dict[str, Any]:
    return {
        name: figure.value,
        f"{name}_low": figure.low,
        f"{name}_high": figure.high,
        f"{name}_n": figure.n,
    }


def alert_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """One alert in its present state."""
    alert = decode(delivery.value, AgencyAlert)
    if isinstance(alert, InvalidMessage):
        return alert
    row = {
        **alert.model_dump(mode="python"),
        "status": alert.status.value,
        "quotes": [(q.event_id, q.turn, q.text, q.aggression) for q in alert.quotes],
        "version": _version(delivery, settings),
    }
    return [row]


def dead_letter_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """One dead letter."""
    letter = decode(delivery.value, DeadLetter)
    if isinstance(letter, InvalidMessage):
        return letter
    now = settings.now_us()
    row = {
        **letter.model_dump(mode="python"),
        "written_at": datetime.fromtimestamp(now / 1e6, UTC),
        "version": now,
    }
    return [row]


SINKS = (
    Sink(rows.CALL_SURVEYS, (topics.ENGAGEMENT_CHANGED,), survey_rows),
    Sink(rows.CONTACT_EXCESSES, (topics.ENGAGEMENT_CHANGED,), excess_rows),
    Sink(rows.ENGAGEMENTS, (topics.ENGAGEMENT_CHANGED,), engagement_rows),
    Sink(rows.AGENCY_HOURS, (topics.AGENCY_HOURS,), hour_rows),
    Sink(rows.AGENCY_METRICS, (topics.AGENCY_METRICS,), metrics_rows),
    Sink(rows.ALERTS, (topics.AGENCY_ALERT,), alert_rows),
    Sink(rows.DEAD_LETTERS, (topics.DEAD_LETTER,), dead_letter_rows),
)
