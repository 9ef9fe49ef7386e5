"""Conversations whose speakers were inferred are counted apart in the means of their scores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.engagements.facts import ScoredCall, fact_of_event
from processors.engagements.history import observe
from processors.event_time import HOUR_US
from processors.metrics.hourly_sums import DayState, Effects, apply
from processors.metrics.windows import AgencyDays
from schemas.changes import EngagementChange, Position
from schemas.conversation import SpeakerSource
from schemas.figures import MetricWindow, Segment
from tests.figures.test_engagements import scored_event

START = 500_000 * HOUR_US
SCORES = st.none() | st.integers(0, 10_000)


@pytest.mark.parametrize("speakers", [None, *SpeakerSource])
def test_a_call_is_of_inferred_speakers_where_its_event_says_so(
    speakers: SpeakerSource | None,
) -> None:
    event = scored_event().model_copy(update={"speakers": speakers})
    fact = fact_of_event(event, "c")
    assert isinstance(fact, ScoredCall)
    assert fact.inferred == (speakers is SpeakerSource.INFERRED)


@given(st.lists(st.tuples(SCORES, SCORES, SCORES, st.booleans()), max_size=30))
def test_every_mean_says_how_many_of_its_n_are_inferred(
    calls: list[tuple[int | None, int | None, int | None, bool]],
) -> None:
    days: dict[int, DayState] = {}
    for number, (*scores, inferred) in enumerate(calls):
        change = change_of(number, scores, inferred)
        effects = Effects(change)
        for day in effects.days:
            days[day] = apply(days.get(day), day, effects, Position("t", 0, number))
    found = AgencyDays.of("acqua", "a", days).snapshot(START, "all")[0]
    assert found.window is MetricWindow.DAY
    for place, name in enumerate(("aggression", "empathy", "sentiment")):
        known = [call for call in calls if call[place] is not None]
        mean = getattr(found, name)
        assert (mean.n, mean.n_inferred) == (len(known), sum(call[3] for call in known))


def change_of(number: int, scores: list[int | None], inferred: bool) -> EngagementChange:
    call = ScoredCall(
        f"e{number}",
        "acqua",
        f"c{number}",
        START + number,
        "a",
        Segment("s", "t", "c", "k"),
        aggression=scores[0],
        empathy=scores[1],
        sentiment=scores[2],
        measured_rating=None,
        predicted_rating=None,
        worst=None,
        inferred=inferred,
    )
    [change] = observe(None, call, Position("q", 0, number), horizon_hours=24).changes
    return change
