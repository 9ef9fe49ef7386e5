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
from processors.engagements.changes import Engagement, EngagementChange
from processors.engagements.facts import amount_of
from processors.event_time import date_of, day_of, to_datetime, to_us
from schemas import rows, topics
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import AgencyAlert, CallScored, CallTranscribed, DeadLetter, Figures
from schemas.events import PaymentReceivedEvent, PaymentReturnedEvent, SurveyAnsweredEvent
from schemas.hours import AgencyHours
from schemas.rows import FIRST_WINS, HOUR_SUMS, Table
from schemas.topics import Topic
from streams.agents.change_batches import ChangeBatch
from streams.agents.row_writer import RowWriter
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import Arbiter
from streams.facts.identified import Identified, identified
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.delivery import Delivery

_GENERATION = 2**40
_QUOTES_KEPT = 3
"""Quotes of a call that are kept for each score."""
_NOT_OF_THE_ROW = {"content", "older_id", "origin"}
"""Of a call's facts, those that serve its way through the workers only."""


@dataclass(frozen=True)
class RowSettings:
    """What rows depend on besides their event."""

    pseudonym_key: bytes
    generation: int
    now_us: Callable[[], int]


Rows = Iterable[Row]
RowsOf = Callable[[Delivery, RowSettings], Rows | InvalidMessage]
"""The rows of a message; what cannot be read is said where no other agent buries it."""
RowOfFact = Callable[[Identified, Delivery, RowSettings], Row]
"""The row of a fact that stands; `link` buries what cannot be read or is in conflict."""


@dataclass(frozen=True)
class Sink:
    """One store agent of what the workers derive: the topics it reads, the table it writes."""

    table: Table
    topics: tuple[Topic, ...]
    rows_of: RowsOf


@dataclass(frozen=True)
class FactSink:
    """One store agent of facts, each of which stands only if its claim does."""

    table: Table
    topics: tuple[Topic, ...]
    row_of: RowOfFact
    takes: Callable[[Identified], bool] = lambda _: True
    """Which of the topics' facts are for this table."""
    buries: bool = False
    """Whether this agent buries those in conflict: of facts that `link` does not see."""


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
        """Write the rows of a batch in one insert; of rows with one key only the newest."""
        found: list[tuple[Row, Delivery]] = []
        for delivery in batch:
            rows = self._rows_of(delivery, self._settings)
            if isinstance(rows, InvalidMessage):
                await self._dead_letters.refuse(delivery, rows)
                continue
            found += ((row, delivery) for row in rows)
        await self._writer.write(found)


class FactWriter:
    """Handler of the agent of one table of facts."""

    def __init__(
        self,
        sink: FactSink,
        store: Store,
        settings: RowSettings,
        dead_letters: DeadLetters,
        arbiter: Arbiter,
        gate: ClockGate | None = None,
    ) -> None:
        self._writer = RowWriter(sink.table, store, dead_letters)
        self._sink = sink
        self._settings = settings
        self._arbiter = arbiter
        self._gate = gate

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Write the rows of a batch's facts that stand in one insert."""
        key = self._settings.pseudonym_key
        read = [(each, identified(each, key, self._gate)) for each in batch]
        facts = [
            (each, fact)
            for each, fact in read
            if isinstance(fact, Identified) and self._sink.takes(fact)
        ]
        await self._writer.write(
            (self._sink.row_of(fact, delivery, self._settings), delivery)
            for delivery, fact in await self._arbiter.settled(facts)
        )


def journal_row(fact: Identified, delivery: Delivery, settings: RowSettings) -> Row:
    """The fact itself, pseudonymous and redacted: all figures can be made again from these."""
    event = fact.event
    if isinstance(event, CallTranscribed | CallScored):
        time = event.call.ended_at
        # Sent again, it stands in another broker, where its origin is another event's place.
        event = event.model_copy(update={"call": event.call.model_copy(update={"origin": None})})
    elif isinstance(event, PaymentReceivedEvent):
        time = event.data.received_at
    elif isinstance(event, PaymentReturnedEvent):
        time = event.data.returned_at
    elif isinstance(event, SurveyAnsweredEvent):
        time = event.data.answered_at
    else:
        time = event.data.cancelled_at
    return {
        "topic": delivery.topic,
        "event_id": fact.claim.event_id,
        "client_id": fact.claim.client_id,
        "customer": fact.claim.customer,
        "event_time": time,
        "partition": delivery.partition,
        "payload": encode(event).decode(),
        "version": FIRST_WINS - settings.now_us(),
    }


def call_row(fact: Identified, delivery: Delivery, settings: RowSettings) -> Row:
    """One scored conversation."""
    event = fact.event
    assert isinstance(event, CallScored), delivery.topic
    call, score = event.call, event.score
    return {
        **call.model_dump(mode="python", exclude=_NOT_OF_THE_ROW),
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


def attempt_row(fact: Identified, delivery: Delivery, settings: RowSettings) -> Row:
    """One call that nobody answered."""
    event = fact.event
    assert isinstance(event, CallTranscribed), delivery.topic
    assert event.attempt is not None, "conversations are left out before"
    return {
        **event.call.model_dump(mode="python", include=set(rows.ATTEMPTS.columns)),
        "reason": event.attempt.value,
        "version": FIRST_WINS - settings.now_us(),
    }


def is_attempt(fact: Identified) -> bool:
    """Whether nobody answered the call."""
    return isinstance(fact.event, CallTranscribed) and fact.event.attempt is not None


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


def survey_rows(delivery: Delivery, settings: RowSettings) -> Rows | InvalidMessage:
    """The ratings that surveys gave to conversations after they had ended."""
    batch = decode(delivery.value, ChangeBatch)
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
                    "version": settings.generation * _GENERATION + change.version,
                }
            )
    return made


def _engagement_row(
    change: EngagementChange, engagement: Engagement, version: int, is_deleted: int
) -> Row:
    paid, amount = engagement.stands()
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
        "paid": paid,
        "amount": amount_of(amount),
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
            "known": to_datetime(cell.hour_us if cell.known_us is None else cell.known_us),
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


FACT_SINKS = (
    FactSink(
        rows.EVENTS,
        (
            topics.CALL_TRANSCRIBED,
            topics.PAYMENT_RECEIVED,
            topics.CONTRACT_CANCELLED,
            topics.PAYMENT_RETURNED,
            topics.SURVEY_ANSWERED,
        ),
        journal_row,
    ),
    FactSink(rows.CALLS, (topics.CALL_SCORED,), call_row),
    FactSink(rows.ATTEMPTS, (topics.CALL_TRANSCRIBED,), attempt_row, is_attempt, buries=True),
)
SINKS = (
    Sink(rows.CALL_SURVEYS, (topics.ENGAGEMENT_CHANGED,), survey_rows),
    Sink(rows.ENGAGEMENTS, (topics.ENGAGEMENT_CHANGED,), engagement_rows),
    Sink(rows.AGENCY_HOURS, (topics.AGENCY_HOURS,), hour_rows),
    Sink(rows.AGENCY_METRICS, (topics.AGENCY_METRICS,), metrics_rows),
    Sink(rows.ALERTS, (topics.AGENCY_ALERT,), alert_rows),
    Sink(rows.DEAD_LETTERS, (topics.DEAD_LETTER,), dead_letter_rows),
)
