"""The rates that `docs/alerts.md` states, held to on fewer replicas.

The seeds are fixed, so a failure means that the rise test was changed.
"""

from __future__ import annotations

import pytest
from scipy import stats

from processors.alerts.baseline import RiseSettings
from tests.figures.calibrate_rises import (
    SCORES,
    Change,
    false_alarms,
    median_calls,
    notices,
    returns,
)

SETTINGS = RiseSettings()
NAMES = list(SCORES)


@pytest.mark.parametrize("calls_a_day", [200, 50])
def test_false_alarms_are_rarer_than_one_in_five_half_years(calls_a_day: int) -> None:
    """Counts of rare alarms are Poisson; the upper 95 % limit of the rate is held to."""
    replicas = 25
    alarms = sum(
        sum(false_alarms(SCORES[name], calls_a_day, replicas, 11, SETTINGS)) for name in NAMES
    )
    upper = stats.chi2.ppf(0.95, 2 * (alarms + 1)) / 2 / (replicas * len(NAMES))
    assert upper < 0.2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("sd", "within"), [(0.5, 150), (1.0, 50)])
def test_a_rise_is_noticed_within_the_stated_calls(name: str, sd: float, within: int) -> None:
    found = [
        notice
        for spread in ("all", "some")
        for notice in notices(
            SCORES[name], 50, Change(sd, spread, day=60), 12, 12, SETTINGS, watched_days=20
        )
    ]
    assert len(found) >= 20
    assert median_calls(found) <= within


def test_an_alert_lasts_as_long_as_the_rise_and_resolves_after_it() -> None:
    early, calls = returns(SCORES["low with a tail"], 50, 0.5, 15, 13, SETTINGS)
    assert early <= 0.2
    assert 60 <= calls <= 220
