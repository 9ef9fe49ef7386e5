"""The demo, smaller: real audio through the real model, the form of its last line, its truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.simulation import SimulationSettings, truth
from tests.streams.played import ascolto, last_lines, output_of
from tests.waiting import output

CALLS = 250
FIELDS = {
    "agency_id",
    "calls",
    "nps",
    "nps_low",
    "nps_high",
    "aggression",
    "empathy",
    "churn_rate",
    "recovery_rate",
    "churn_correlation",
    "payment_correlation",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's directory, and what it printed to stdout."""
    home = tmp_path_factory.mktemp("demo")
    run = ascolto(
        "demo",
        "--exit",
        "--json",
        "--calls",
        str(CALLS),
        "--seed",
        "5",
        home=home,
        scorer="encoder",
    )
    out, err = output_of(run, home / "data")
    assert run.returncode == 0, err + last_lines(home / "data" / "logs")
    return home, out


def summary_of(demo: tuple[Path, str]) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(demo[1].splitlines()[-1])
    return summary


@pytest.mark.whisper
def test_every_recording_is_transcribed_and_nothing_is_lost(demo: tuple[Path, str]) -> None:
    summary = summary_of(demo)
    manifest = json.loads(Path("infra/simulation/calls/manifest.json").read_text(encoding="utf-8"))
    assert summary["transcribed_from_audio"] == len(manifest) >= 8
    assert summary["calls"] == CALLS + len(manifest)
    assert summary["dead_letters"] == 0


def test_stdout_is_one_line_in_the_fixed_form(demo: tuple[Path, str]) -> None:
    assert len(demo[1].splitlines()) == 1
    summary = summary_of(demo)
    assert {"events", "calls", "seconds", "agencies", "alerts"} <= set(summary)
    assert all(set(agency) >= FIELDS for agency in summary["agencies"])


def test_the_figures_meet_the_simulation_s_truth(demo: tuple[Path, str]) -> None:
    known = truth(SimulationSettings(seed=5, calls=CALLS))["agencies"]
    for agency in summary_of(demo)["agencies"]:
        realised = known[agency["agency_id"]]["windows"]["90d"]["realised"]
        assert agency["churn_rate"] == pytest.approx(realised["churn_rate"], abs=1e-6)
        assert agency["recovery_rate"] == pytest.approx(realised["recovery_rate"], abs=1e-6)


def test_another_world_in_the_same_directory_is_refused(demo: tuple[Path, str]) -> None:
    other = ascolto("demo", "--exit", "--seed", "6", "--calls", str(CALLS), home=demo[0])
    out, err = output(other)
    assert (other.returncode, out) == (1, "")
    assert "another seed" in err


def test_a_wrong_language_is_wrong_usage(tmp_path: Path) -> None:
    wrong = ascolto("demo", "--language", "tlh", home=tmp_path)
    output(wrong)
    assert wrong.returncode == 2
