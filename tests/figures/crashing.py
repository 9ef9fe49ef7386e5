"""A small model of the two stages and their logs, which crashes at random.

Stage one (`link`) reads the facts' topics and keeps customers' states; stage two (`aggregate`)
reads the changes and keeps agencies' days. Each keeps the order that the product demands: state
durable, then output, then offset. Everything durable is JSON.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from typing import Any

from processors.engagements.facts import (
    Cancellation,
    Fact,
    Payment,
    PaymentReturn,
    ScoredCall,
    SurveyAnswer,
)
from processors.engagements.history import CustomerState, observe, read_state
from processors.event_time import day_of
from processors.metrics import hourly_sums
from processors.metrics.hourly_sums import DayState
from schemas.changes import EngagementChange, Position
from schemas.codec import decode, encode

TOPIC_OF = {
    ScoredCall: "call-scored",
    Payment: "payment-received",
    Cancellation: "contract-cancelled",
    PaymentReturn: "payment-returned",
    SurveyAnswer: "survey-answered",
}
PARTITIONS = 2


class CrashError(Exception):
    """The worker dies here."""


class Model:
    """Both stages, their logs, their durable states, and what a store would have been sent."""

    def __init__(self, rng: random.Random, horizon_hours: int, crash_rate: float) -> None:
        self._rng = rng
        self._horizon_hours = horizon_hours
        self._crash_rate = crash_rate
        self._logs: dict[tuple[str, int], list[Fact]] = defaultdict(list)
        self._read: dict[tuple[str, int], int] = defaultdict(int)
        self._customers: dict[str, str] = {}
        self._changes: dict[str, list[str]] = defaultdict(list)
        self._changes_read: dict[str, int] = defaultdict(int)
        self._days: dict[tuple[str, int], str] = {}
        self.outcomes: set[str] = set()
        self.crashes = 0
        self.hour_rows: dict[tuple[str, str, int, int], tuple[int, dict[str, int]]] = {}
        self.engagement_rows: dict[tuple[str, str, int], tuple[int, Any]] = {}
        self.survey_rows: dict[str, tuple[int, Any]] = {}

    def deliver(self, fact: Fact) -> None:
        """Append a fact to its topic, in its customer's partition."""
        partition = sum(fact.customer.encode()) % PARTITIONS
        self._logs[TOPIC_OF[type(fact)], partition].append(fact)

    def run(self) -> None:
        """Work until all is read, crashing and going back now and then."""
        while self._lag():
            stage = self._rng.choice((self._link, self._aggregate))
            try:
                stage()
            except CrashError:
                self.crashes += 1

    def rewind(self) -> None:
        """Go back in every log to a random earlier offset, as an operator may."""
        for source, offset in list(self._read.items()):
            self._read[source] = self._rng.randint(0, offset)
        for agency, offset in list(self._changes_read.items()):
            self._changes_read[agency] = self._rng.randint(0, offset)

    def days(self, agency: str) -> dict[int, DayState]:
        """An agency's durable days."""
        return {day: json.loads(raw) for (a, day), raw in self._days.items() if a == agency}

    def agencies(self) -> set[str]:
        """Agencies with any day."""
        return {agency for agency, _ in self._days}

    def _lag(self) -> bool:
        return any(self._read[s] < len(log) for s, log in self._logs.items()) or any(
            self._changes_read[a] < len(log) for a, log in self._changes.items()
        )

    def _maybe_crash(self) -> None:
        if self._rng.random() < self._crash_rate:
            raise CrashError

    def _link(self) -> None:
        partition = self._rng.randrange(PARTITIONS)
        batch = self._poll(partition)
        states: dict[str, CustomerState] = {}
        out: list[tuple[str, str]] = []
        for fact, position in batch:
            known = states.get(fact.customer) or self._customer(fact.customer)
            seen = observe(known, fact, position, horizon_hours=self._horizon_hours)
            self.outcomes.add(seen.outcome.value)
            states[fact.customer] = seen.state
            out.extend(
                (change.agency_id, json.dumps([position, encode(change).decode()]))
                for change in seen.changes
            )
        for customer, state in states.items():
            self._maybe_crash()
            self._customers[customer] = json.dumps(state)
        for agency, message in out:
            self._maybe_crash()
            self._changes[agency].append(message)
        for _, position in batch:
            self._maybe_crash()
            self._read[position.topic, position.partition] = position.offset + 1

    def _poll(self, partition: int) -> list[tuple[Fact, Position]]:
        """Some records of one partition of all topics, interleaved by chance."""
        at = {s: self._read[s] for s in sorted(self._logs) if s[1] == partition}
        batch = []
        for _ in range(self._rng.randint(1, 6)):
            open_logs = [s for s in at if at[s] < len(self._logs[s])]
            if not open_logs:
                break
            source = self._rng.choice(open_logs)
            batch.append((self._logs[source][at[source]], Position(*source, at[source])))
            at[source] += 1
        return batch

    def _customer(self, customer: str) -> CustomerState | None:
        raw = self._customers.get(customer)
        return None if raw is None else read_state(json.loads(raw))

    def _aggregate(self) -> None:
        agencies = sorted(self._changes)
        if not agencies:
            return
        agency = self._rng.choice(agencies)
        begin = self._changes_read[agency]
        messages = self._changes[agency][begin : begin + self._rng.randint(1, 6)]
        for message in messages:
            raw_position, raw_change = json.loads(message)
            change = decode(raw_change.encode(), EngagementChange)
            assert isinstance(change, EngagementChange)
            self._apply(change, Position(*raw_position))
            self._maybe_crash()
        self._maybe_crash()
        self._changes_read[agency] = begin + len(messages)

    def _apply(self, change: EngagementChange, position: Position) -> None:
        effects = hourly_sums.Effects(change)
        for day in sorted(effects.days):
            raw = self._days.get((change.agency_id, day))
            known = None if raw is None else json.loads(raw)
            state = hourly_sums.apply(known, day, effects, position)
            self._maybe_crash()
            self._days[change.agency_id, day] = json.dumps(state)
        self._maybe_crash()
        self._store(change)

    def _store(self, change: EngagementChange) -> None:
        """Rows as ReplacingMergeTree keeps them: the highest version, of equals the last."""
        effects = hourly_sums.Effects(change)
        days = {day: json.loads(self._days[change.agency_id, day]) for day in effects.days}
        for cell in hourly_sums.cells(effects.places):
            state = days[day_of(cell.hour)]
            row = state["version"], hourly_sums.cell_sums(state, cell)
            _replace(self.hour_rows, (change.agency_id, *cell), row)
        if change.rerated is not None:
            row = change.version, change.rerated.after
            _replace(self.survey_rows, change.rerated.call_id, row)
        elif change.conversation is not None and change.conversation.later is not None:
            row = change.version, change.conversation.later
            _replace(self.survey_rows, change.event_id, row)
        where = change.agency_id, change.customer
        for engagement in change.removed:
            _replace(self.engagement_rows, (*where, engagement.opened_at), (change.version, None))
        for engagement in change.after:
            row = change.version, engagement
            _replace(self.engagement_rows, (*where, engagement.opened_at), row)


def _replace(rows: dict[Any, Any], key: Any, row: tuple[int, Any]) -> None:
    if key not in rows or rows[key][0] <= row[0]:
        rows[key] = row
