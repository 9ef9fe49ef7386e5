"""`ascolto rebuild`: new figures beside the old ones; the switch only when equal or accepted."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from infra.cli.figures.rebuild import WORKPLACE, exchange, rebuild
from infra.settings import Settings
from tests.infra.stored import json_output, sql

COUNTS = (
    "SELECT (SELECT count() FROM events FINAL), (SELECT count() FROM calls FINAL), "
    "(SELECT groupArray(letter_id) FROM (SELECT letter_id FROM dead_letters FINAL ORDER BY 1))"
)
CALLS = "SELECT sum(calls) FROM agency_hours FINAL WHERE segment = 'all'"


def test_a_rebuild_names_what_differs_and_switches_only_when_accepted(
    once_played: Path, tmp_path: Path
) -> None:
    data_dir = Path(shutil.copytree(once_played / "data", tmp_path / "data", symlinks=True))
    cell = "(SELECT * FROM agency_hours FINAL WHERE calls > 0 ORDER BY hour, segment LIMIT 1)"
    changed = "calls + 1 AS calls, version + 1 AS version"
    damage = f"INSERT INTO agency_hours SELECT * REPLACE ({changed}) FROM {cell}"
    before, facts = sql(data_dir, CALLS, COUNTS, damage)

    code, seen = json_output(data_dir, "rebuild")
    assert (code, seen["switched"]) == (1, False)
    [found] = seen["differences"]
    assert (found["table"], found["figure"]) == ("agency_hours", "calls")
    assert found["old"] == found["rebuilt"] + 1
    assert sql(data_dir, CALLS, COUNTS) == [[[before[0][0] + 1]], facts]
    assert not (data_dir / WORKPLACE).exists()

    code, seen = json_output(data_dir, "rebuild", "--accept")
    assert (code, seen["switched"]) == (0, True)
    assert len(seen["differences"]) == 1
    assert sql(data_dir, CALLS, COUNTS) == [before, facts]
    assert not (data_dir / WORKPLACE).exists()
    code, seen = json_output(data_dir, "reconcile")
    assert (code, seen["differences"]) == (0, [])


def test_directories_change_places_or_stay_as_they_are(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(name)
    exchange(tmp_path / "one", tmp_path / "other")
    assert (tmp_path / "one" / "other").exists()
    assert (tmp_path / "other" / "one").exists()
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "one", tmp_path / "nowhere")
    assert (tmp_path / "one" / "other").exists()


def test_nothing_is_rebuilt_under_a_running_stack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store").mkdir()
    with (tmp_path / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert rebuild(Settings(data_dir=tmp_path), accept=True, as_json=False) == 1
    assert "another ascolto runs" in capsys.readouterr().err
    assert not (tmp_path / WORKPLACE).exists()
