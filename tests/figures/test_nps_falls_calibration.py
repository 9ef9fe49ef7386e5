"""The rates that `docs/alerts.md` states of falls, held to on fewer replicas.

The seeds are fixed, so a failure means that the test of falls was changed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from processors.alerts.nps_falls import FALL_SETTINGS
from tests.figures.calibrate_falls import USUAL_NPS, false_alarms, notices, returns


@pytest.mark.parametrize(("ratings_a_day", "mood"), [(60, 0.0), (30, 0.15)])
def test_false_alarms_are_rarer_than_one_in_five_half_years(
    ratings_a_day: int, mood: float
) -> None:
    """Counts of rare alarms are Poisson; the upper 95 % limit of the rate is held to."""
    replicas = 15
    alarms = sum(
        sum(false_alarms(nps, ratings_a_day, replicas, 11, FALL_SETTINGS, mood=mood))
        for nps in USUAL_NPS
    )
    upper = stats.chi2.ppf(0.95, 2 * (alarms + 1)) / 2 / (replicas * len(USUAL_NPS))
    assert upper < 0.2


@pytest.mark.parametrize("nps", USUAL_NPS)
@pytest.mark.parametrize(("points", "within"), [(30, 150), (50, 70)])
def test_a_fall_is_noticed_within_the_stated_ratings(nps: int, points: int, within: int) -> None:
    found = list(notices(nps, points, 45, 20, 12, FALL_SETTINGS))
    assert len(found) >= 18
    assert np.median([notice.ratings for notice in found]) <= within
    assert np.nanmedian([notice.shown for notice in found]) == pytest.approx(points, abs=6)


def test_an_alert_lasts_as_long_as_the_fall_and_resolves_after_it() -> None:
    other, ratings = returns(30, 40, 45, 20, 13, FALL_SETTINGS)
    assert other <= 0.1
    assert 60 <= ratings <= 200
