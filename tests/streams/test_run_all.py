"""The whole way, as a person runs it: events in, figures out, whatever happens on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.figures.reference import Answered, Happening, Paid, Returned, Said, whole_hour
from tests.infra.stored import json_output, sql
from tests.streams.hard_history import CONFLICTS, FUTURE, NAME, SOURCES, HardHistory
from tests.streams.played import (
    BROKEN,
    HORIZON,
    Asked,
    expected,
    finish,
    kill_after_rows,
    play,
    read_all_figures,
)

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
TIMES = (AS_OF, AS_OF - timedelta(days=9, hours=5), AS_OF - timedelta(days=33))
HOUR = timedelta(hours=1)
KILLS = (2, 1)
"""Of each half, before it is played to its end."""
BOUNDS = {"low": 1e-8, "high": 1e-8}
"""The reference's Wilson interval takes z to all its digits, PRODUCT to seven."""


class Run:
    """A hard history played to its end."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Each half with kills on the way; the second begins at the checkpoint of the first."""
        self.file, self.data_dir = folder / "events.jsonl", folder / "data"
        rng = random.Random(seed)
        history = HardHistory.of(seed, calls=250, days=70)
        lines = history.lines(seed)
        self.file.write_bytes(b"\n".join(lines) + b"\n")
        half = folder / "half" / self.file.name
        half.parent.mkdir()
        half.write_bytes(b"\n".join(lines[: len(lines) // 2]) + b"\n")
        for file, kills in zip((half, self.file), KILLS, strict=True):
            for _ in range(kills):
                kill_after_rows(play(file, self.data_dir), self.data_dir, rng.uniform(0.5, 9.0))
            self.summary = finish(play(file, self.data_dir), self.data_dir)
        [letters] = sql(
            self.data_dir, "SELECT error_class, base64Decode(original) FROM dead_letters FINAL"
        )
        self.letters = Counter(error_class for error_class, _ in letters)
        refused = [(what, line.encode()) for what, line in letters if line.startswith("{")]
        ours = [(what, line) for what, line in refused if what in ("conflict", "from_the_future")]
        self.conflicting = {line for what, line in ours if what == "conflict"}
        self.events: list[Happening] = history.happenings([line for _, line in ours])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """With SIGKILL several times and the same command again, before and after a checkpoint."""
    return Run(tmp_path_factory.mktemp("run"), 5)


Answers = list[list[dict[str, Any]]]


def check(run: Run, asked: Sequence[Asked], answers: Answers) -> None:
    """Every figure equals the one recomputed from the events."""
    for (window, as_of, by), rows in zip(asked, answers, strict=True):
        assert rows, "there are agencies"
        assert rows == sorted(rows, key=lambda row: (row["agency_id"], row["segment"]))
        for row in rows:
            right = expected(run.events, row["agency_id"], row["segment"], window, as_of)
            for name, value in right.items():
                assert row[name] == near(value), (row["agency_id"], row["segment"], name, as_of)
        if by is None:
            said = [e for e in run.events if isinstance(e, Said) and e.ended_at <= as_of]
            assert {row["agency_id"] for row in rows} == {event.agency for event in said}


def near(value: Any, tolerance: float = 1e-9) -> Any:
    """What a figure must be equal to."""
    if isinstance(value, dict):
        return {key: near(inner, BOUNDS.get(key, tolerance)) for key, inner in value.items()}
    if isinstance(value, float):
        return pytest.approx(value, rel=tolerance, abs=tolerance)
    return value


ALL: list[Asked] = [
    *((window, as_of, None) for as_of in TIMES for window in ("24h", "7d", "30d", "90d")),
    ("90d", AS_OF, "channel"),
    ("30d", AS_OF, "touchpoint"),
]


@pytest.fixture(scope="module")
def answers(run: Run) -> Answers:
    """The figures of `ALL` as they were when all was played."""
    return read_all_figures(run.data_dir, ALL)


def decisive(events: list[Happening]) -> Iterator[datetime]:
    """Times T whose hour is the first in which a return or an answer counts, two of each."""
    named = {event.event_id: event for event in events if isinstance(event, Said | Paid)}

    def returns() -> Iterator[datetime]:
        for event in events:
            if isinstance(event, Returned) and isinstance(paid := named[event.payment], Paid):
                known = whole_hour(max(event.at, paid.at))
                if paid.customer == event.customer and known > paid.at + HORIZON:
                    yield known

    def answers() -> Iterator[datetime]:
        for event in events:
            if isinstance(event, Answered) and isinstance(call := named[event.call], Said):
                known = whole_hour(max(event.at, call.ended_at))
                if call.customer == event.customer and call.survey is None:
                    yield known

    yield from islice(returns(), 2)
    yield from islice(answers(), 2)


def test_every_figure_equals_an_independent_recomputation(run: Run, answers: Answers) -> None:
    check(run, ALL, answers)


def test_figures_as_of_any_time_are_those_of_what_was_known_by_then(run: Run) -> None:
    names = ("nps", "nps_predicted", "recovery_rate", "amount_recovered")
    times = list(decisive(run.events))
    assert len(times) == 4
    asked: list[Asked] = [("90d", t, None) for known in times for t in (known - HOUR, known)]
    answers = read_all_figures(run.data_dir, asked)
    check(run, asked, answers)
    shown = [[[row[name] for name in names] for row in rows] for rows in answers]
    changes = sum(before != after for before, after in zip(shown[::2], shown[1::2], strict=True))
    assert changes >= 2, "the times are those at which something changes"


def test_what_is_refused_is_a_dead_letter_and_changes_nothing_else(run: Run) -> None:
    assert run.letters.pop("from_the_future") == FUTURE
    assert run.letters.pop("conflict") >= CONFLICTS
    assert len(run.conflicting) >= CONFLICTS
    assert run.letters.total() == len(BROKEN)
    assert run.summary["calls"] == sum(isinstance(event, Said) for event in run.events)


def test_everything_stored_agrees_with_sql_alone(run: Run) -> None:
    code, seen = json_output(run.data_dir, "reconcile")
    assert (code, seen["differences"]) == (0, [])
    assert seen["compared"]["events"] == len(run.events)
    assert seen["compared"]["call_surveys"] > 10


def test_nothing_that_can_name_a_person_is_stored(run: Run) -> None:
    comments, journal = sql(
        run.data_dir,
        "SELECT count() FROM events FINAL WHERE JSONHas(payload, 'data', 'comment')",
        "SELECT event_id, customer, payload FROM events FINAL",
    )
    assert comments[0][0] > 5
    clear = (NAME, "cliente-", *SOURCES)
    assert not [row for row in journal if any(word in str(row) for word in clear)]
    assert {row[0][:2] for row in journal} == {"e:"}


def test_the_same_file_again_changes_nothing(run: Run, answers: Answers) -> None:
    again = finish(play(run.file, run.data_dir), run.data_dir)
    assert {**again, "seconds": 0} == {**run.summary, "seconds": 0}
    assert read_all_figures(run.data_dir, ALL) == answers
