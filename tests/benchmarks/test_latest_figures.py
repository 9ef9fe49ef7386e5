"""`docs/benchmarks/latest.json`: a part that is measured changes its own figures and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.lab.benchmarks import __main__ as entry
from infra.lab.benchmarks import scoring
from infra.lab.benchmarks.figures import SHARED, Figure
from infra.lab.benchmarks.latest import FORM, update
from infra.lab.training.material import Material, load_material

LATEST = Path(__file__).parents[2] / "docs" / "benchmarks" / "latest.json"
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
RATES = {"events.faust.per_second.min": 1.0, "events.faust.per_second.median": 2.0}


def read(file: Path) -> dict:
    return json.loads(file.read_text("utf-8"))


def test_what_is_not_measured_is_null(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "latest.json"
    update(file, "a machine", AT, {"demo.seconds": 80.0, "demo.cpu": 100.0})
    assert read(file) == {
        "machine": "a machine",
        "at": "2026-07-01T12:00:00+00:00",
        **dict.fromkeys(FORM),
        "demo_seconds": 80.0,
    }


def test_a_part_changes_its_own_figures_only(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    update(file, "a machine", AT, {"demo.seconds": 80.0})
    update(file, "a machine" + SHARED, AT, RATES)
    update(file, "a machine", AT, {"events.faust.per_second.median": 3.0})
    latest = read(file)
    assert latest["machine"] == "a machine"
    assert latest["demo_seconds"] == 80.0
    assert latest["events"]["faust"] == {"per_second": [1.0, 3.0, None]}
    assert latest["events"]["ascolto"] is None
    assert latest["events"]["workers_2_to_1"] is None


def test_figures_named_by_what_is_measured_are_together(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    update(file, "a machine", AT, {"panels.1m.p95_ms.drivers": 12.0, "panels.1m.p95_ms.nps": 9.876})
    update(file, "a machine", AT, {"panels.1m.rows": 1.0})
    assert read(file)["panels"] == {"1m": {"p95_ms": {"drivers": 12.0, "nps": 9.876}}, "10m": None}


def test_figures_of_another_machine_are_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    update(file, "a machine", AT, RATES)
    update(file, "another one", AT, {"demo.seconds": 80.0})
    assert read(file)["events"] is None


def test_the_file_of_the_docs_has_this_form() -> None:
    def places(form) -> object:
        return {n: places(f) for n, f in form.items()} if isinstance(form, dict) else None

    def fits(latest, form) -> bool:
        if latest is None or not isinstance(form, dict):
            return True
        return latest.keys() == form.keys() and all(fits(latest[n], form[n]) for n in form)

    latest = read(LATEST)
    assert {"machine", "at", *FORM} == latest.keys()
    assert all(fits(latest[part], FORM[part]) for part in FORM)


def test_a_bench_that_is_run_updates_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(entry.BENCHES, "demo", lambda: iter([Figure("seconds", 80.0, "s")]))
    file = tmp_path / "latest.json"
    assert entry.main(["demo", "--latest", str(file)]) == 0
    assert read(file)["demo_seconds"] == 80.0


def test_the_bench_of_scoring_has_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(kind: str) -> Material:
        material = load_material(kind)
        return replace(material, calls=material.calls[:12])

    monkeypatch.setattr(scoring, "load_material", few)
    file = tmp_path / "latest.json"
    assert entry.main(["scoring", "--latest", str(file)]) == 0
    assert read(file)["scoring"]["distinct_turns_per_second"] > 0


@pytest.mark.parametrize("text", ["0", "-1", "many", ""])
def test_a_wrong_size_is_reported(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_EVENTS", text)
    assert entry.main(["events"]) == 1
    assert f"BENCH_EVENTS: a whole number above 0 is needed (found {text!r})" in (
        capsys.readouterr().err
    )
