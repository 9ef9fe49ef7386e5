"""Watched folders: each file once, whole, also after a crash at any step."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from infra.importing.importer import Imported
from infra.importing.watched_folders import Watcher, WrongConfiguration, read_watching
from processors.mapping.mapper import Made
from schemas.derived import DeadLetter

EXPORT = (Path(__file__).parent / "exports" / "csv-payments.csv").read_bytes()


class Crash(Exception):
    """The process ends here."""


class Kafka:
    """Remembers what was sent; ends the process at one of its calls."""

    def __init__(self, crash_at: int | None = None) -> None:
        self.events: Counter[bytes] = Counter()
        self.letters: list[DeadLetter] = []
        self.calls = 0
        self.crash_at = crash_at

    def _step(self) -> None:
        self.calls += 1
        if self.calls == self.crash_at:
            raise Crash

    def send(self, imported: Imported, _: str) -> None:
        self._step()
        if isinstance(imported.outcome, Made):
            self.events[imported.outcome.line] += 1

    def send_letter(self, letter: DeadLetter) -> None:
        self._step()
        self.letters.append(letter)

    def confirm(self) -> None:
        self._step()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    (tmp_path / "mine.yaml").write_text("data: {client_id: {value: luce}}\n")
    return tmp_path


def watcher(folder: Path, kafka: Kafka, url: str | None = None) -> Watcher:
    configuration = folder / "folders.yaml"
    configuration.write_text(
        json.dumps(
            {
                "folders": [
                    {
                        "url": url or str(folder / "exports"),
                        "files": "*.csv",
                        "preset": "csv-payments",
                        "mapping": "mine.yaml",
                    }
                ]
            }
        )
    )
    return Watcher(
        configuration,
        read_watching(configuration),
        folder / "imports",
        [],
        send=kafka.send,
        send_letter=kafka.send_letter,
        confirm=kafka.confirm,
        say=lambda _: None,
    )


def look(watching: Watcher, times: int = 3) -> int:
    return sum(watching.poll() for _ in range(times))


def reports(folder: Path) -> list[dict[str, object]]:
    files = sorted((folder / "imports" / "reports").glob("*.json"))
    return [json.loads(file.read_text()) for file in files]


def test_a_file_is_imported_once_whatever_its_name(folder: Path) -> None:
    kafka = Kafka()
    watching = watcher(folder, kafka)
    (folder / "exports" / "a.csv").write_bytes(EXPORT)
    assert look(watching) == 1
    (folder / "exports" / "b.csv").write_bytes(EXPORT)
    assert look(watching) == 0
    assert look(watcher(folder, kafka)) == 0, "nor by the next process"
    assert sorted(kafka.events.values()) == [1, 1]
    [report] = reports(folder)
    assert report["counts"] == {
        "rows": 4,
        "events": 2,
        "refused": 2,
        "unmatched_customers": 0,
        "missing_recordings": 0,
        "legs": 0,
        "passed_over": 0,
    }
    assert report["refused_rows"] == [
        {"row": 3, "why": "amount is no amount whose decimals follow a ','"},
        {
            "row": 4,
            "why": "received_at is a time that clocks in Europe/Rome skip: is time_zone right?",
        },
    ]


def test_a_file_waits_while_there_is_no_temporary_space(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real database that may not grow, as on a full disk; later there is room."""
    connect = sqlite3.connect

    def full(name: str) -> sqlite3.Connection:
        database = connect(name)
        database.execute("PRAGMA max_page_count = 1")
        return database

    (folder / "mine.yaml").write_text("data: {client_id: {value: luce}}\ngroup_by: cliente\n")
    (folder / "exports" / "a.csv").write_bytes(EXPORT)
    kafka = Kafka()
    watching = watcher(folder, kafka)
    with monkeypatch.context() as patched:
        patched.setattr("infra.importing.grouping.sqlite3.connect", full)
        assert look(watching) == 0
    assert (kafka.letters, reports(folder)) == ([], [])
    assert look(watching) == 1


def test_a_file_that_is_still_written_waits(folder: Path) -> None:
    kafka = Kafka()
    watching = watcher(folder, kafka)
    file = folder / "exports" / "a.csv"
    for end in range(100, len(EXPORT), 60):
        file.write_bytes(EXPORT[:end])
        assert watching.poll() == 0
    file.write_bytes(EXPORT)
    assert [watching.poll() for _ in range(3)] == [0, 1, 0]
    assert len(kafka.events) == 2


def test_a_file_that_grows_is_imported_again_with_the_same_ids(folder: Path) -> None:
    kafka = Kafka()
    watching = watcher(folder, kafka)
    lines = EXPORT.splitlines(keepends=True)
    (folder / "exports" / "a.csv").write_bytes(b"".join(lines[:2]))
    assert look(watching) == 1
    (folder / "exports" / "a.csv").write_bytes(EXPORT)
    assert look(watching) == 1
    assert sorted(kafka.events.values()) == [1, 2], "the same line twice, not two events"


@pytest.mark.parametrize("step", range(1, 6))
def test_after_a_crash_at_any_step_all_of_the_file_is_sent(folder: Path, step: int) -> None:
    (folder / "exports" / "a.csv").write_bytes(EXPORT)
    crashing = Kafka(crash_at=step)
    with pytest.raises(Crash):
        look(watcher(folder, crashing))
    assert reports(folder) == []
    kafka = Kafka()
    assert look(watcher(folder, kafka)) == 1
    assert len(kafka.events) == 2
    assert set(crashing.events) <= set(kafka.events)
    assert look(watcher(folder, kafka)) == 0


def test_a_ledger_that_is_cut_short_costs_only_its_last_line(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / "exports" / f"{name}.csv").write_bytes(EXPORT + name.encode())
    assert look(watcher(folder, Kafka())) == 2
    ledger = folder / "imports" / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-20])
    assert look(watcher(folder, Kafka())) == 1
    assert look(watcher(folder, Kafka())) == 0


def test_a_file_that_cannot_be_read_is_a_dead_letter_and_the_next_one_is_imported(
    folder: Path,
) -> None:
    (folder / "exports" / "a.csv").write_bytes(b"cliente;valore\nC-1;2\n")
    (folder / "exports" / "b.csv").write_bytes(EXPORT)
    kafka = Kafka()
    assert look(watcher(folder, kafka)) == 2
    [letter] = kafka.letters
    assert letter.reason.startswith("a.csv lacks 'amount' or 'importo'")
    assert letter.origin == "a.csv"
    assert len(kafka.events) == 2


def test_folders_elsewhere_are_read_the_same_way(folder: Path) -> None:
    elsewhere = fsspec.filesystem("memory")
    elsewhere.pipe_file("/incoming/a.csv", EXPORT)
    kafka = Kafka()
    assert look(watcher(folder, kafka, "memory://incoming")) == 1
    assert len(kafka.events) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("csv-payments", "sap"), "there is no preset sap"),
        (lambda text: text.replace('"url"', '"uri"'), "folders.0"),
        (lambda text: text.replace("mine.yaml", "gone.yaml"), "gone.yaml: cannot be read"),
        (lambda _: "folders: [", "cannot be read"),
    ],
)
def test_a_wrong_configuration_says_what(
    folder: Path, change: Callable[[str], str], says: str
) -> None:
    watcher(folder, Kafka())
    path = folder / "folders.yaml"
    path.write_text(change(path.read_text()))
    with pytest.raises(WrongConfiguration, match=says):
        read_watching(path)
