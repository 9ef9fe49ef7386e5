"""A data directory of a version before identities: the same figures, and nothing counted twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.infra.stored import json_output, sql
from tests.streams.played import ascolto, finish, play, read_all_figures

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
LENGTHS = range(200, 50_000)
"""Bytes of a line that is an event; the broken ones are shorter or longer."""
COUNTS = "SELECT (SELECT count() FROM events FINAL), (SELECT count() FROM calls FINAL)"


def figures(data_dir: Path) -> list[Any]:
    return read_all_figures(data_dir, [(window, AS_OF, None) for window in ("24h", "30d", "90d")])


@pytest.fixture
def older(once_played: Path, tmp_path: Path) -> tuple[Path, list[Any], list[Any]]:
    """The data directory, its figures and its counts."""
    folder = tmp_path / "played"
    data_dir = Path(shutil.copytree(once_played, folder, symlinks=True)) / "data"
    before, counts = figures(data_dir), sql(data_dir, COUNTS)
    child = [sys.executable, "-m", "tests.infra.older_child", data_dir, folder / "events.jsonl"]
    subprocess.run(list(map(str, child)), check=True)
    return data_dir, before, counts


def of_another_switchboard(file: Path) -> bytes:
    """A call of the file once more, under the same id: another customer's, of another source."""
    lines = file.read_bytes().splitlines()
    call = json.loads(next(line for line in lines if b"call-ended.v1" in line and len(line) > 300))
    data = {**call["data"], "customer_id": "somebody-else"}
    other = {**call, "source": "//another.example", "subject": "somebody-else", "data": data}
    return json.dumps(other).encode() + b"\n"


def test_an_older_store_goes_on_as_it_was(older: tuple[Path, list[Any], list[Any]]) -> None:
    data_dir, before, counts = older
    file = data_dir.parent / "events.jsonl"
    [ids] = sql(data_dir, "SELECT event_id FROM events")
    assert not [row for row in ids if row[0].startswith("e:")], "it is an older one"
    _, err = ascolto("run", "all", "--exit", "--data-dir", data_dir, home=data_dir).communicate()
    assert (figures(data_dir), sql(data_dir, COUNTS)) == (before, counts), err
    assert json_output(data_dir, "reconcile")[1]["differences"] == []

    file.write_bytes(of_another_switchboard(file) + file.read_bytes())
    again = finish(play(file, data_dir), data_dir)
    [[[events, calls]]] = counts
    assert again["calls"] == calls + 1
    new_counts, journal, letters = sql(
        data_dir,
        COUNTS,
        "SELECT event_id, customer, payload FROM events",
        "SELECT event_id FROM dead_letters FINAL WHERE event_id IS NOT NULL",
    )
    assert new_counts == [[events + 1, calls + 1]], "what was there is counted once"
    assert json_output(data_dir, "reconcile")[1]["differences"] == []
    sent = [json.loads(line) for line in file.read_bytes().splitlines() if len(line) in LENGTHS]
    clear = {event[name] for event in sent for name in ("id", "source", "subject")}
    assert len(clear) > 100
    assert not [row for row in journal if any(f'"{name}"' in row[2] for name in clear)]
    assert {row[0][:2] for row in (*journal, *letters)} == {"e:"}
