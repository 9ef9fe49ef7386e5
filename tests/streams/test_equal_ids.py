"""Histories with equal ids from several sources, duplicates and conflicts, the whole way.

The first event of each source and id counts, in the order of the file; figures are held against
a recomputation apart from the workers, and every table against the journal.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.simulation import SimulationSettings, simulate
from schemas.codec import InvalidMessage, decode_inbound
from tests.figures.reference import Happening, Said
from tests.infra.stored import sql, told
from tests.streams.played import (
    ascolto,
    expected,
    finish,
    happening_of,
    kill_after_rows,
    play,
    read_figures,
)
from tests.streams.test_run_all import near

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
TILLS = ("//erp.example", "//pos.example", "//web.example")

Event = dict[str, Any]


def named_alike(events: list[Event]) -> list[Event]:
    """The events with ids that each source counts from 1: nearly all of them several times."""
    rng = random.Random(5)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    renamed = []
    for event in events:
        kind, data = event["type"], event["data"]
        source = f"//pbx.{data['agency_id']}.example" if "agency_id" in data else rng.choice(TILLS)
        counts[kind, source] += 1
        renamed.append({**event, "source": source, "id": str(counts[kind, source])})
    return renamed


def in_conflict(event: Event, other: Event, rng: random.Random) -> Event:
    """An event with the name of one and something else to say."""
    data = dict(event["data"])
    change = rng.randrange(3)
    if change == 0:
        data["customer_id"] = other["data"]["customer_id"] + "-x"
    elif "amount" in data:
        data["amount"] = str(1000 + change)
    elif "survey" in data:
        data["survey"] = {"rating": (data["survey"]["rating"] + 5) % 11}
    else:
        data["customer_id"] = other["data"]["customer_id"] + "-y"
    return {**event, "data": data, "subject": data["customer_id"]}


def written(event: Event, rng: random.Random) -> bytes:
    """The event as a line, its fields in some order, with or without blanks."""
    fields = list(event.items())
    rng.shuffle(fields)
    return json.dumps(dict(fields), separators=rng.choice(((",", ":"), (", ", ": ")))).encode()


class History:
    """A file of events, and what is right."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.file, self.data_dir = folder / "events.jsonl", folder / "data"
        rng = random.Random(seed)
        settings = SimulationSettings(seed=seed, calls=150, days=70, audio=False)
        events = named_alike(list(simulate(settings)))
        twice = rng.sample(events, len(events) // 8)
        others = [in_conflict(e, rng.choice(events), rng) for e in rng.sample(events, 40)]
        lines = [written(event, rng) for event in (*events, *twice, *others)]
        order = [n + rng.choice((0, 0, rng.randrange(-300, 300))) for n in range(len(lines))]
        self.lines = [line for _, line in sorted(zip(order, lines, strict=True))]
        self.file.write_bytes(b"\n".join(self.lines) + b"\n")
        self.happenings, self.conflicts = self._right()
        self.summary: dict[str, Any] = {}

    def _right(self) -> tuple[list[Happening], set[bytes]]:
        """The first events of each name, and the lines that say something else."""
        first: dict[tuple[str, ...], Event] = {}
        happenings, conflicts = [], set()
        for line in self.lines:
            event = json.loads(line)
            data = event["data"]
            name = data["client_id"], event["type"], event["source"], event["id"]
            if name not in first:
                first[name] = data
                routed = decode_inbound(line)
                assert not isinstance(routed, InvalidMessage)
                happenings.append(happening_of(routed.event, "|".join(name)))
            elif first[name] != data:
                conflicts.add(line)
        return happenings, conflicts

    def assert_right(self) -> None:
        """Every figure, what is rejected, and what SQL makes of the journal."""
        for window, as_of in (("90d", AS_OF), ("30d", AS_OF - timedelta(days=9, hours=5))):
            shown = read_figures(self.data_dir, window, as_of)
            said = [e for e in self.happenings if isinstance(e, Said) and e.ended_at <= as_of]
            assert {row["agency_id"] for row in shown} == {e.agency for e in said}
            for row in shown:
                right = expected(self.happenings, row["agency_id"], "all", window, as_of)
                for name, value in right.items():
                    assert row[name] == near(value), (row["agency_id"], window, name)
        code, outcome = told(self.data_dir, "reconcile")
        assert (code, outcome["differences"]) == (0, [])
        assert outcome["compared"]["events"] == len(self.happenings)
        [letters, journal] = sql(
            self.data_dir,
            "SELECT base64Decode(original) FROM dead_letters FINAL WHERE error_class = 'conflict'",
            "SELECT event_id, customer, payload FROM events",
        )
        assert {row[0].encode() for row in letters} == self.conflicts
        assert not [row for row in journal if ".example" in str(row) or "cliente-" in str(row)]
        assert {row[0][:2] for row in journal} == {"e:"}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Played once, undisturbed."""
    history = History(tmp_path_factory.mktemp("straight"), seed=51)
    history.summary = finish(play(history.file, history.data_dir), history.data_dir)
    return history


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Killed with SIGKILL twice, and started again with the same command."""
    history = History(tmp_path_factory.mktemp("killed"), seed=52)
    for seconds in (1.0, 4.0):
        kill_after_rows(play(history.file, history.data_dir), history.data_dir, seconds)
    history.summary = finish(play(history.file, history.data_dir), history.data_dir)
    return history


@pytest.mark.parametrize("which", ["straight", "killed"])
def test_the_first_of_each_name_counts_and_the_others_are_letters(
    which: str, request: pytest.FixtureRequest
) -> None:
    history: History = request.getfixturevalue(which)
    ids = {json.loads(line)["id"] for line in history.lines}
    assert len(ids) < len(history.happenings) / 2, "ids are equal across sources"
    assert len(history.conflicts) > 25
    history.assert_right()


def test_neither_a_restart_nor_the_same_file_again_changes_anything(straight: History) -> None:
    _, err = ascolto(
        "run", "all", "--exit", "--data-dir", straight.data_dir, home=straight.data_dir
    ).communicate()
    straight.assert_right()
    again = finish(play(straight.file, straight.data_dir), straight.data_dir)
    assert {**again, "seconds": 0} == {**straight.summary, "seconds": 0}, err
    straight.assert_right()
