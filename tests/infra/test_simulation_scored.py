"""The words of the simulation show its latent tone to the scorer, through noise."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from infra.simulation import SimulationSettings, simulate
from infra.simulation.plan import plan
from processors.scoring.call import score_call
from schemas.conversation import Turn
from tests.scoring.readers import shared_reader

SETTINGS = SimulationSettings(seed=3, calls=1_200, audio=False)
PLANNED = plan(SETTINGS).calls
READER = shared_reader("encoder")
SCORES = [
    score_call([Turn(**turn) for turn in event["data"]["transcript"]], "it", READER)
    for event in simulate(SETTINGS)
    if "call-ended" in event["type"]
]


def test_the_empathic_agency_is_scored_least_aggressive_and_most_empathic():
    aggression, empathy = defaultdict(list), defaultdict(list)
    for call, score in zip(PLANNED, SCORES, strict=True):
        agency = call.engagement.agency.agency_id
        aggression[agency].append(score.aggression)
        empathy[agency].append(score.empathy)
    aurora = "agenzia-aurora"
    for other in ("agenzia-bora", "agenzia-cobalto"):
        assert np.mean(aggression[aurora]) < np.mean(aggression[other]) - 0.1
        assert np.mean(empathy[aurora]) > np.mean(empathy[other]) + 0.1


def test_scores_follow_the_latent_tone_but_not_exactly():
    aggression = np.corrcoef([c.pressure for c in PLANNED], [s.aggression for s in SCORES])[0, 1]
    empathy = np.corrcoef([c.warmth for c in PLANNED], [s.empathy for s in SCORES])[0, 1]
    assert 0.5 < aggression < 0.9
    assert 0.5 < empathy < 0.9


def test_spoken_ratings_are_read_as_they_were_meant():
    spoken = [(c.spoken, s.spoken_rating) for c, s in zip(PLANNED, SCORES, strict=True)]
    meant = [pair for pair in spoken if pair[0] is not None]
    assert len(meant) > 20
    assert sum(said == read for said, read in meant) >= 0.95 * len(meant)
    assert all(read is None for said, read in spoken if said is None)
