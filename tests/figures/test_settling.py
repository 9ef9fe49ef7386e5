"""Events archived and recalled: every change is the one that a whole state would have given."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from msgspec.structs import replace

from processors.engagements.archiving import needs_recall, recall, settle, unsettled_until
from processors.engagements.contact_frequency import WEEK_REACH_US
from processors.engagements.entries import Entry, identity_of, read_entry
from processors.engagements.facts import Fact
from processors.engagements.history import CustomerState, Outcome, observe, read_state
from processors.event_time import HOUR_US
from schemas.changes import Position
from tests.figures.crashing import TOPIC_OF
from tests.figures.histories import CLIENT, fact_of, random_corrections, random_history
from tests.figures.test_engagements import T0, H, call, left, paid

HOURS = 48
SPAN = timedelta(hours=20 * HOURS)
LATEST = 8 * HOURS


class Archiving:
    """One customer's state that is settled at every chance, beside one that stays whole."""

    def __init__(self, grace_hours: int) -> None:
        self.state: CustomerState | None = None
        self.whole: CustomerState | None = None
        self.archive: dict[tuple[str, str], str] = {}
        self.before = 0
        self.arrivals = 0
        self.clock = 0
        self.recalls = 0
        self.grace = grace_hours * HOUR_US

    def take(self, fact: Fact, position: Position) -> Outcome:
        """Observe in both, and hold their changes against one another."""
        if needs_recall(self.state, fact, position, self.before):
            entries: list[Entry] = [read_entry(json.loads(raw)) for raw in self.archive.values()]
            self.state = recall(self.state, entries, fact.client_id, fact.customer)
            self.recalls += 1
        expected = observe(self.whole, fact, position, horizon_hours=HOURS)
        seen = observe(
            self.state, fact, position, horizon_hours=HOURS, arrivals_before=self.arrivals
        )
        assert seen.outcome == expected.outcome
        assert [replace(c, version=0) for c in seen.changes] == [
            replace(c, version=0) for c in expected.changes
        ]
        self.state, self.whole = seen.state, expected.state
        self.clock = max(self.clock, fact.at)
        return seen.outcome

    def archive_settled(self, others_ahead_hours: int = 0) -> None:
        """As the worker does, with nothing lost in JSON.

        Other customers' events may have moved the clock on.
        """
        self.clock += others_ahead_hours * HOUR_US
        before = self.clock - self.grace
        if self.state is None or before <= 0:
            return
        split = settle(self.state, before, HOURS)
        assert before >= unsettled_until(self.state, HOURS) or not split.archived
        assert not settle(self.state, unsettled_until(self.state, HOURS) - 1, HOURS).archived
        if split.archived:
            self.before = max(self.before, before)
            self.arrivals = max(self.arrivals, self.state["arrived"])
            self.archive |= {identity_of(e): json.dumps(e) for e in split.archived}
            self.state = None if split.remaining is None else restarted(split.remaining)


def test_a_payment_within_an_engagement_is_not_settled_before_it() -> None:
    state = None
    for number, fact in enumerate((call("a", T0), paid("b", T0 + 3 * HOUR_US))):
        position = Position(TOPIC_OF[type(fact)], 0, number)
        state = observe(state, fact, position, horizon_hours=HOURS).state
    assert state is not None
    assert unsettled_until(state, HOURS) == T0 + HOURS * HOUR_US


def restarted(state: CustomerState) -> CustomerState:
    """The state as a worker reads it back."""
    return read_state(json.loads(json.dumps(state)))


@pytest.mark.parametrize("grace_hours", [0, 5, 72])
@pytest.mark.parametrize("lateness", [0.0, 0.2, 1.0])
def test_every_change_is_that_of_a_whole_state(grace_hours: int, lateness: float) -> None:
    seen: set[Outcome] = set()
    recalls = deleted = 0
    for seed in range(60):
        rng = random.Random(seed)
        horizon = timedelta(hours=HOURS)
        history = random_history(rng, rng.choice((8, 25)), 1, horizon, SPAN)
        history += random_corrections(rng, history, rng.choice((0, 3, 9)), horizon)
        facts = [fact_of(event) for event in history]
        facts.sort(key=lambda f: f.at + (rng.random() < lateness) * rng.randrange(LATEST) * HOUR_US)
        archiving = Archiving(grace_hours)
        deliveries: list[tuple[Fact, Position]] = []
        for number, fact in enumerate(facts):
            deliveries.append((fact, Position(TOPIC_OF[type(fact)], 0, number)))
            seen.add(archiving.take(*deliveries[-1]))
            if rng.random() < 0.2:
                seen.add(archiving.take(*rng.choice(deliveries)))
            if rng.random() < 0.2:
                again = rng.choice(deliveries)[0]
                seen.add(archiving.take(again, Position(TOPIC_OF[type(again)], 0, 1000 + number)))
            if rng.random() < 0.5:
                archiving.archive_settled(rng.choice((0, 0, 2 * HOURS)))
                deleted += archiving.state is None
        recalls += archiving.recalls
    assert seen == set(Outcome)
    assert recalls
    assert deleted


def test_nothing_is_taken_back_while_events_come_in_time() -> None:
    archiving = Archiving(grace_hours=1)
    at = T0
    for number in range(200):
        at += 7 * HOUR_US
        archiving.take(call(str(number), at), Position("call-scored", 0, number))
        archiving.archive_settled()
        assert archiving.state is not None
        assert len(archiving.state["events"]) <= (2 * HOURS + WEEK_REACH_US // HOUR_US) // 7 + 2
    assert archiving.recalls == 0
    assert len(archiving.archive) > 150


def state_of(*facts: Fact) -> CustomerState:
    state = None
    for number, fact in enumerate(facts):
        state = observe(state, fact, Position("t", 0, number)).state
    assert state is not None
    return state


def test_an_engagement_is_settled_when_its_horizon_has_passed_not_a_moment_before() -> None:
    state = state_of(call("1", T0), paid("p", T0 + 5), call("2", T0 + 9))
    assert settle(state, T0 + H - 1, 720).archived == []
    assert settle(state, T0 + H, 720).remaining is None


def test_a_payment_stays_as_long_as_one_of_its_engagements() -> None:
    state = state_of(call("1", T0), call("2", T0 + H - 5, agency="b"), paid("p", T0 + H - 3))
    split = settle(state, T0 + H, 720)
    assert [entry.event_id for entry in split.archived] == ["1"]
    assert split.remaining is not None
    assert [entry.event_id for entry in split.remaining["events"]] == ["2", "p"]


def test_outcomes_without_any_engagement_are_settled_with_their_time() -> None:
    state = state_of(paid("p", T0), left("x", T0 + 9))
    split = settle(state, T0 + 9, 720)
    assert [entry.event_id for entry in split.archived] == ["p"]


def test_arrival_numbers_go_on_after_a_state_was_archived() -> None:
    first = state_of(call("1", T0), call("2", T0 + 1))
    fresh = observe(None, call("3", T0 + 2 * H), Position("t", 0, 9), arrivals_before=2)
    assert fresh.changes[0].version == 3
    back = recall(fresh.state, first["events"], CLIENT, "c")
    assert back is not None
    assert [entry.arrival for entry in back["events"]] == [1, 2, 3]
