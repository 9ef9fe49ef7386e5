"""Progress: one total, never backwards, a rate; lines where there is no terminal."""

from __future__ import annotations

import pytest

from infra.cli.run.meter import LINE_EVERY, Meter
from infra.simulation import SimulationSettings, event_count, simulate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_goes_up_to_its_total_and_never_back(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Meter("events processed", 1000, clock) as meter:
        for done in (0, 300, 200, 1200):
            clock.now += LINE_EVERY
            meter.at(done)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "events processed: 0 of 1",
        "events processed: 300 of 1",
        "events processed: 300 of 1",
        "events processed: 1",
    ]


def test_the_rate_is_of_lately() -> None:
    clock = Clock()
    meter = Meter("events processed", None, clock)
    for second in range(100):
        clock.now = float(second)
        meter.at(second * (10 if second < 50 else 20))
    assert meter.rate == pytest.approx(20)
    assert meter.line().endswith("20 a second")


def test_the_total_of_the_demo_is_what_it_plays() -> None:
    settings = SimulationSettings(seed=3, calls=200, duplicates=0.05, late=0.05)
    assert event_count(settings) == sum(1 for _ in simulate(settings))
