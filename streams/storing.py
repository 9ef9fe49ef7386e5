"""The `store` agents: events become rows of ClickHouse, one agent a table.

A row written again replaces itself: what stands now is told with the clock as its version, what
happened once keeps its first row, an engagement's rows are ordered by its customer's events.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.clickhouse.store import Row, Store
from processors.changes import Engagement, EngagementChange
from processors.event_time import date_of, day_of, to_datetime, to_us
from processors.facts import amount_of
from processors.future import time_of
from processors.pseudonyms import pseudonym
from schemas import rows, topics
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import AgencyAlert, CallScored, CallTranscribed, DeadLetter, Figures
from schemas.events import ContractCancelledEvent, PaymentReceivedEvent
from schemas.hours import AgencyHours
from schemas.rows import HOUR_SUMS, Table
from schemas.topics import Topic
from streams.change_batches import ChangeBatch
from streams.clock_gate import ClockGate
from streams.dead_letters import DeadLetters
from streams.deliveries import Delivery

_FIRST_WINS = 2**63
_GENERATION = 2**40
_QUOTES_KEPT = 3
"""Quotes of a call that are kept for each score."""


@dataclass(frozen=True)
class RowSettings:
    """What rows depend on besides their event."""

    pseudonym_key: bytes
    generation: int
    now_us: Callable[[], int]
    gate: ClockGate | None = None
    """The gate of the agent that decides on payments and cancellations; None: all pass."""


Rows = Iterable[Row]
RowsOf = Callable[[Delivery, RowSettings], Rows | InvalidMessage]
"""The rows of a message; what cannot be read is said where no other agent buries it."""


@dataclass(frozen=True)
class Sink:
    """One store agent: the topics it reads, the table it writes."""

    table: Table
    topics: tuple[Topic, ...]
    rows_of: RowsOf


class TableWriter:
    """Handler of one table's agent."""

    def __init__(
        self, sink: Sink, store: Store, settings: RowSettings, dead_letters: DeadLetters
    ) -> None:
        self._table = sink.table
        self._rows_of = sink.rows_of
        self._store = store
        self._settings = settings
        self._dead_letters = dead_letters

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Write the rows of a batch in one insert; of rows with one key only the newest.

        A row that the store cannot hold costs no other: it is a dead letter by itself.
        """
        newest: dict[tuple[Any, ...], tuple[Row, Delivery]] = {}
        for delivery in batch:
            rows = self._rows_of(delivery, self._settings)
            if isinstance(rows, InvalidMessage):
                await self._dead_letters.refuse(delivery, rows)
                continue
            for row in rows:
                key = tuple(row[name] for name in self._table.key)
                if key not in newest or newest[key][0]["version"] <= row["version"]:
                    newest[key] = row, delivery
        made = list(newest.values())
        try:
            await self._store.insert(self._table, [row for row, _ in made])
        except Exception as error:
            await self._write_apart(made, error)

    async def _write_apart(self, made: Sequence[tuple[Row, Delivery]], error: Exception) -> None:
        """Write what can be written of rows that were refused together.

        Raises:
            Exception: none can: then something is wrong with the store, not with a row.
        """
        refused = await self._refused_of(made, error)
        if len(refused) == len(made):
            raise error
        rows: dict[Delivery, list[Exception]] = defaultdict(list)
        for delivery, why in refused:
            rows[delivery].append(why)
        for delivery, causes in rows.items():
            kinds = ", ".join(sorted({type(cause).__name__ for cause in causes}))
            reason = f"table {self._table.name} does not take {len(causes)} of its rows ({kinds})"
            await self._dead_letters.refuse(delivery, InvalidMessage(reason, "row_refused"))

    async def _refused_of(
        self, made: Sequence[tuple[Row, Delivery]], error: Exception
    ) -> list[tuple[Delivery, Exception]]:
        """Write halves, and halves of halves, of rows that were refused with `error`.

        Returns:
            The messages of the rows that are refused alone, and why.
        """
        if len(made) == 1:
            return [(made[0][1], error)]
        refused = []
        for half in (made[: len(made) // 2], made[len(made) // 2 :]):
            try:
                await self._store.insert(self._table, [row for row, _ in half])
            except Exception as why:
                refused += await self._refused_of(half, why)
        return refused


def journal_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """The fact itself, pseudonymous and redacted: all figures can be made again from these."""
    fact = _fact(delivery, settings)
    if fact is None:
        return []
    event_id, client_id, customer, time, payload = fact
    row = {
        "topic": delivery.topic,
        "event_id": event_id,
        "client_id": client_id,
        "customer": customer,
        "event_time": time,
        "partition": delivery.partition,
        "payload": payload.decode(),
        "version": _FIRST_WINS - settings.now_us(),
    }
    return [row]


def _fact(
    delivery: Delivery, settings: RowSettings
) -> tuple[str, str, str, datetime, bytes] | None:
    """Id, tenant, customer, time and payload; None where the agent that decides buries it."""
    if delivery.topic == topics.CALL_TRANSCRIBED.name:
        called = decode(delivery.value, CallTranscribed)
        if isinstance(called, InvalidMessage):
            return None
        call = called.call
        return call.event_id, call.client_id, call.customer, call.ended_at, delivery.value
    event: PaymentReceivedEvent | ContractCancelledEvent | InvalidMessage
    if delivery.topic == topics.PAYMENT_RECEIVED.name:
        event = decode(delivery.value, PaymentReceivedEvent)
    else:
        event = decode(delivery.value, ContractCancelledEvent)
    if isinstance(event, InvalidMessage):
        return None
    if settings.gate is not None and settings.gate.refusal(delivery, event):
        return None
    return _pseudonymous(event, time_of(event), settings.pseudonym_key)


def _pseudonymous(
    event: PaymentReceivedEvent | ContractCancelledEvent, time: datetime, key: bytes
) -> tuple[str, str, str, datetime, bytes]:
    customer = pseudonym(key, event.data.client_id, event.data.customer_id)
    data = event.data.model_copy(update={"customer_id": customer})
    safe = event.model_copy(update={"subject": customer, "data": data})
    return event.id, event.data.client_id, customer, time, encode(safe)


def call_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """One scored conversation."""
    event = decode(delivery.value, CallScored)
    if isinstance(event, InvalidMessage):
        return []
    call, score = event.call, event.score
    row = {
        **call.model_dump(mode="python"),
        "from_audio": event.from_audio,
        **score.model_dump(
            include={
                "aggression",
                "empathy",
                "sentiment",
                "sentiment_change",
                "spoken_rating",
                "predicted_rating",
                "churn_intent",
                "promise_to_pay",
                "scorer_version",
                "why",
            }
        ),
        "survey_rating": None if event.survey is None else event.survey.rating,
        "drivers": sorted({found.driver.value for found in score.drivers}),
        "conduct": sorted({flag.rule.value for flag in score.conduct}),
        "quotes": _quotes(event),
        "turns": json.dumps(
            [turn.model_dump(mode="json") for turn in event.turns], ensure_ascii=False
        ),
        "version": settings.now_us(),
    }
    return [row]


def _quotes(event: CallScored) -> list[tuple[str, int, str, float]]:
    """The words that moved the scores most, with their turns, heaviest first.

    A few of each score's words, from different turns: the heaviest of all alone would often
    leave out what explains one of the scores.
    """
    found = [
        (reason.kind, index, reason.text, reason.weight)
        for index, score in enumerate(event.score.turns)
        for reason in score.reasons
    ]
    found.sort(key=lambda quote: (-abs(quote[3]), quote[1]))
    kept: list[tuple[str, int, str, float]] = []
    turns: dict[str, set[int]] = defaultdict(set)
    for quote in found:
        seen = turns[quote[0].partition(".")[0]]
        if quote[1] not in seen and len(seen) < _QUOTES_KEPT:
            seen.add(quote[1])
            kept.append(quote)
    return kept


def engagement_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """Engagements as they stand, and those that no longer are."""
    batch = decode(delivery.value, ChangeBatch)
    if isinstance(batch, InvalidMessage):
        return []
    made = []
    for positioned in batch.changes:
        change = positioned.change
        version = settings.generation * _GENERATION + change.version
        made += [_engagement_row(change, gone, version, is_deleted=1) for gone in change.removed]
        made += [_engagement_row(change, stands, version, is_deleted=0) for stands in change.after]
    return made


def _engagement_row(
    change: EngagementChange, engagement: Engagement, version: int, is_deleted: int
) -> Row:
    return {
        "client_id": change.client_id,
        "agency_id": change.agency_id,
        "customer": change.customer,
        "opened_at": to_datetime(engagement.opened_at),
        "matures_at": to_datetime(engagement.matures_at(change.horizon_hours)),
        "service": engagement.service,
        "touchpoint": engagement.touchpoint,
        "channel": engagement.channel,
        "customer_type": engagement.customer_type,
        "calls": engagement.calls,
        "scored": engagement.aggression_n,
        "aggression": _mean(engagement.aggression_sum, engagement.aggression_n),
        "empathy": _mean(engagement.empathy_sum, engagement.empathy_n),
        "cancelled": engagement.cancelled,
        "lost_to_supplier": engagement.lost_to_supplier,
        "paid": engagement.paid,
        "amount": amount_of(engagement.amount),
        "version": version,
        "is_deleted": is_deleted,
    }


def _mean(total: int, n: int) -> float | None:
    return total / (10_000 * n) if n else None


def hour_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """Hourly sums as they stand."""
    told = decode(delivery.value, AgencyHours)
    if isinstance(told, InvalidMessage):
        return told
    version = settings.now_us()
    return [
        {
            "client_id": told.client_id,
            "agency_id": told.agency_id,
            "segment": cell.segment,
            "hour": to_datetime(cell.hour_us),
            **{name: cell.sums.get(name, 0) for name in HOUR_SUMS},
            "version": version,
        }
        for cell in told.cells
    ]


def metrics_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """One snapshot of one window."""
    figures = decode(delivery.value, Figures)
    if isinstance(figures, InvalidMessage):
        return figures
    row: dict[str, Any] = {
        "client_id": figures.client_id,
        "agency_id": figures.agency_id,
        "segment": figures.segment,
        "window": figures.window.value,
        "day": date_of(day_of(to_us(figures.as_of))),
        "as_of": figures.as_of,
        "calls": figures.calls,
        "amount_recovered": amount_of(figures.amount_recovered_units),
        "version": settings.now_us(),
    }
    for name in ("nps", "nps_predicted", "churn_rate", "recovery_rate"):
        row |= _interval_columns(name, getattr(figures, name))
    for name in ("aggression", "empathy", "sentiment"):
        mean = getattr(figures, name)
        row |= {name: mean.value, f"{name}_n": mean.n}
    for name in ("churn_correlation", "payment_correlation"):
        correlation = getattr(figures, name)
        row |= _interval_columns(name, correlation) | {f"{name}_p": correlation.p}
    return [row]


def _interval_columns(name: str, figure: Any) -> dict[str, Any]:
    return {
        name: figure.value,
        f"{name}_low": figure.low,
        f"{name}_high": figure.high,
        f"{name}_n": figure.n,
    }


def alert_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """One alert as it stands."""
    alert = decode(delivery.value, AgencyAlert)
    if isinstance(alert, InvalidMessage):
        return alert
    row = {
        **alert.model_dump(mode="python"),
        "status": alert.status.value,
        "quotes": [(q.event_id, q.turn, q.text, q.aggression) for q in alert.quotes],
        "version": settings.now_us(),
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
    Sink(
        rows.EVENTS,
        (topics.CALL_TRANSCRIBED, topics.PAYMENT_RECEIVED, topics.CONTRACT_CANCELLED),
        journal_rows,
    ),
    Sink(rows.CALLS, (topics.CALL_SCORED,), call_rows),
    Sink(rows.ENGAGEMENTS, (topics.ENGAGEMENT_CHANGED,), engagement_rows),
    Sink(rows.AGENCY_HOURS, (topics.AGENCY_HOURS,), hour_rows),
    Sink(rows.AGENCY_METRICS, (topics.AGENCY_METRICS,), metrics_rows),
    Sink(rows.ALERTS, (topics.AGENCY_ALERT,), alert_rows),
    Sink(rows.DEAD_LETTERS, (topics.DEAD_LETTER,), dead_letter_rows),
)
