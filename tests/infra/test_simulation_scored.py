"""The words of the simulation show its latent tone to the scorer, through noise."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from infra.simulation import SimulationSettings, simulate
from infra.simulation.plan import PlannedCall, plan
from processors.scoring.call import score_call
from schemas.conversation import CallScore, Turn
from tests.scoring.readers import shared_reader

SETTINGS = SimulationSettings(seed=3, calls=1_200, audio=False)


Scored = list[tuple[PlannedCall, CallScore]]


@pytest.fixture(scope="module")
def scored() -> Scored:
    """Each call as it was planned, and its scores."""
    reader = shared_reader("encoder")
    scores = [
        score_call([Turn(**turn) for turn in event["data"]["transcript"]], "it", reader)
        for event in simulate(SETTINGS)
        if "call-ended" in event["type"]
    ]
    return list(zip(plan(SETTINGS).calls, scores, strict=True))


def test_the_empathic_agency_is_scored_least_aggressive_and_most_empathic(scored: Scored) -> None:
    aggression: dict[str, list[Any]] = defaultdict(list)
    empathy: dict[str, list[Any]] = defaultdict(list)
    for call, score in scored:
        agency = call.engagement.agency.agency_id
        aggression[agency].append(score.aggression)
        empathy[agency].append(score.empathy)
    aurora = "agenzia-aurora"
    for other in ("agenzia-bora", "agenzia-cobalto"):
        assert np.mean(aggression[aurora]) < np.mean(aggression[other]) - 0.1
        assert np.mean(empathy[aurora]) > np.mean(empathy[other]) + 0.1


def test_scores_follow_the_latent_tone_but_not_exactly(scored: Scored) -> None:
    for tones in (
        [(call.pressure, score.aggression) for call, score in scored],
        [(call.warmth, score.empathy) for call, score in scored],
    ):
        assert 0.5 < np.corrcoef(tones, rowvar=False)[0, 1] < 0.9


def test_spoken_ratings_are_read_as_they_were_meant(scored: Scored) -> None:
    spoken = [(call.spoken, score.spoken_rating) for call, score in scored]
    meant = [pair for pair in spoken if pair[0] is not None]
    assert len(meant) > 20
    assert sum(said == read for said, read in meant) >= 0.95 * len(meant)
    assert all(read is None for said, read in spoken if said is None)
