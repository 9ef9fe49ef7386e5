"""The `store` agents of facts: the journal, calls and attempts, once a fact's claim is accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from infra.clickhouse.store import Row, Store
from processors.identity.future import time_of
from schemas import rows, topics
from schemas.codec import encode
from schemas.derived import CallTranscribed
from schemas.rows import FIRST_WINS, Table
from schemas.topics import Topic
from streams.agents.row_writer import RowSettings, RowWriter
from streams.facts.clock_gate import ClockGate
from streams.facts.conflicts import Arbiter
from streams.facts.identified import Identified, read_fact
from streams.facts.partitioning import Partitioning
from streams.facts.scored_calls import Call, ScoredCall
from streams.runtime.dead_letters import DeadLetters
from streams.transport.delivery import Delivery

_MOST_QUOTES = 3
"""Quotes of a call that are stored for each score."""
_OF_THE_CALL = tuple(name for name in Call.__struct_fields__ if name in rows.CALLS.columns)
_OF_THE_SCORE = (
    "aggression", "empathy", "sentiment", "sentiment_change", "spoken_rating", "predicted_rating",
    "churn_intent", "promise_to_pay", "scorer_version", "why",
)  # fmt: skip

RowOfFact = Callable[[Identified, Delivery, RowSettings], Row]
"""The row of an accepted fact; `link` rejects what cannot be read or is in conflict."""


@dataclass(frozen=True)
class FactSink:
    """One store agent of facts, each of which counts only if its claim is accepted."""

    table: Table
    topics: tuple[Topic, ...]
    row_of: RowOfFact
    takes: Callable[[Identified], bool] = lambda _: True
    """Which of the topics' facts are for this table."""
    rejects_conflicts: bool = False
    """Whether it rejects the events in conflict: facts that `link` does not see."""


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
        partitioning: Partitioning | None = None,
    ) -> None:
        """`partitioning` leaves out what `link` sends on to another partition; None: nothing."""
        self._writer = RowWriter(sink.table, store, dead_letters)
        self._sink = sink
        self._settings = settings
        self._arbiter = arbiter
        self._gate = gate
        self._partitioning = partitioning

    async def handle(self, batch: Sequence[Delivery]) -> None:
        """Write the rows of a batch's accepted facts in one insert.

        Order of effects: 1. the claims are durable, 2. the rows are inserted, 3. the intake
        acknowledges the batch.
        """
        key = self._settings.pseudonym_key
        read = [(each, read_fact(each, key, self._gate)) for each in batch]
        facts = [
            (each, fact)
            for each, fact in read
            if isinstance(fact, Identified) and self._takes(each, fact)
        ]
        await self._writer.write(
            (self._sink.row_of(fact, delivery, self._settings), delivery)
            for delivery, fact in await self._arbiter.accepted(facts)
        )

    def _takes(self, delivery: Delivery, fact: Identified) -> bool:
        belongs = self._partitioning is None or self._partitioning.elsewhere(delivery, fact) is None
        return belongs and self._sink.takes(fact)


def journal_row(fact: Identified, delivery: Delivery, settings: RowSettings) -> Row:
    """The fact itself, pseudonymous and redacted: all figures can be recomputed from these."""
    event = fact.event
    if isinstance(event, CallTranscribed):
        time = event.call.ended_at
        # Sent again, it is in another broker, where its origin is the place of another event.
        event = event.model_copy(update={"call": event.call.model_copy(update={"origin": None})})
    else:
        assert not isinstance(event, ScoredCall), "the journal has calls as they were transcribed"
        time = time_of(event)
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
    assert isinstance(event, ScoredCall), delivery.topic
    call, score = event.call, event.score
    return {
        **{name: getattr(call, name) for name in _OF_THE_CALL},
        "from_audio": event.from_audio,
        "speakers": "" if event.speakers is None else event.speakers.value,
        **{name: getattr(score, name) for name in _OF_THE_SCORE},
        "survey_rating": None if event.survey is None else event.survey.rating,
        "drivers": sorted({found.driver.value for found in score.drivers}),
        "conduct": sorted({flag.rule.value for flag in score.conduct}),
        "quotes": _quotes(event),
        "turn_scores": [(of.aggression, of.empathy, of.sentiment) for of in score.turns],
        "driver_quotes": [(of.driver.value, of.turn, of.quote) for of in score.drivers],
        "turns": msgspec.json.encode(event.turns).decode(),
        "version": settings.now_us(),
    }


def score_row(fact: Identified, delivery: Delivery, settings: RowSettings) -> Row:
    """The scores of one conversation, as they were given."""
    event = fact.event
    assert isinstance(event, ScoredCall), delivery.topic
    return {
        "client_id": event.call.client_id,
        "event_id": event.call.event_id,
        "scorer_version": event.score.scorer_version,
        "score": encode(event.score).decode(),
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


def _quotes(event: ScoredCall) -> list[tuple[str, int, str, float]]:
    """The words that moved the scores most, with their turns, heaviest first.

    A few of each score's words, from different turns: the heaviest of all alone would often
    leave out what explains one of the scores. After them the words of every breach of conduct and
    of every intent: none is stored without them.
    """
    found = [
        (reason.kind, index, reason.text, reason.weight)
        for index, score in enumerate(event.score.turns)
        for reason in score.reasons
    ]
    found.sort(key=lambda quote: (-abs(quote[3]), quote[1]))
    chosen: list[tuple[str, int, str, float]] = []
    turns: dict[str, set[int]] = defaultdict(set)
    for quote in found:
        seen = turns[quote[0].partition(".")[0]]
        if quote[1] not in seen and len(seen) < _MOST_QUOTES:
            seen.add(quote[1])
            chosen.append(quote)
    chosen += [
        (f"conduct.{flag.rule.value}", flag.turn, flag.quote, 1.0)
        for flag in event.score.conduct
        if flag.turn is not None
    ]
    chosen += [
        (f"intent.{found.intent.value}", found.turn, found.quote, 1.0)
        for found in event.score.intents
    ]
    return chosen


SCORES = FactSink(rows.CALL_SCORES, (topics.CALL_SCORED,), score_row)
"""For the embedded stack, whose broker forgets: a restart scores no call again."""

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
    FactSink(
        rows.ATTEMPTS, (topics.CALL_TRANSCRIBED,), attempt_row, is_attempt, rejects_conflicts=True
    ),
)
