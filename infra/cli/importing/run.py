"""Runs an import: events to a file or to Kafka, and a report of what was not understood."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from infra.atomic_files import replacing
from infra.cli.failures import FAILED, WRONG_USAGE, cannot_write, counted, say
from infra.cli.importing.report import Report
from infra.cli.operate.dead_letters import Letter, read_letters
from infra.cli.operate.replay import note_replayed
from infra.cli.store_access import open_store
from infra.escaping import console
from infra.importing import letters
from infra.importing.grouping import NoTemporarySpace, Placed
from infra.importing.importer import Import, Imported, read_tables
from infra.importing.mapping_files import MappingError, load
from infra.importing.rows import UnreadableExport
from infra.importing.sending import send, send_event
from infra.kafka.emitter import DeliveryFailed
from infra.settings import Settings
from processors.mapping.mapper import Made
from processors.mapping.records import Record
from schemas.topics import Topic

if TYPE_CHECKING:
    from infra.kafka.emitter import Emitter

Take = Callable[[Imported], None]
"""Takes what became of a record."""


class Goal(NamedTuple):
    """What becomes of the events; neither `out` nor `emit`: nothing, it is a dry run."""

    out: Path | None
    emit: bool
    as_json: bool


def run_import(
    settings: Settings, preset: str, files: Sequence[Path], mapping: Path | None, goal: Goal
) -> int:
    """Import `files`, without any the dead letters of the preset.

    Returns:
        The exit code: 1 where a row was refused or has no known customer.
    """
    try:
        mapping_file = load(preset, mapping)
        importing = Import(mapping_file, read_tables(mapping_file), settings.recordings)
    except (MappingError, UnreadableExport) as error:
        say(str(error))
        return WRONG_USAGE
    held = {} if files else _open_letters(settings, preset)
    report, finished = Report(), list[bool]()
    try:
        with ExitStack() as stack:
            take = stack.enter_context(_destination(settings, preset, goal, again=not files))
            if files:
                for imported in importing.run(_with_progress(importing.read(files))):
                    report.add(imported)
                    take(imported)
            again, finished = importing.run_again(list(held.values()))
            for imported in again:
                report.add(imported)
                take(imported)
    except (UnreadableExport, NoTemporarySpace, DeliveryFailed) as error:
        say(f"{error}\nimport again when it is put right: the same events do no harm")
        return FAILED
    except OSError as error:
        if goal.out is None:
            raise
        say(cannot_write(goal.out, error))
        return FAILED
    if goal.emit and held:
        replayed = [letter for letter, done in zip(held, finished, strict=True) if done]
        _note(settings, replayed, mapping_file.mapping.topic)
    _say_all(importing, report, settings, goal)
    return FAILED if importing.counts.refused or importing.counts.unmatched_customers else 0


def _say_all(importing: Import, report: Report, settings: Settings, goal: Goal) -> None:
    counts = importing.counts
    report.show(counts)
    if counts.rows and counts.passed_over == counts.rows:
        say(
            "every row is passed over by a filter: is it the right preset? ascolto import presets "
            "suggest FILE says which one reads the file"
        )
    if goal.out is not None:
        say(f"{counted(counts.events, 'event')} written to {goal.out}")
    elif goal.emit:
        say(f"{counted(counts.events, 'event')} sent to {settings.kafka} and confirmed")
    if goal.as_json:
        print(json.dumps(counts.as_json()))


def _open_letters(settings: Settings, preset: str) -> dict[Letter, tuple[Path, Record]]:
    """The open dead letters of a preset, and the records they hold."""
    with open_store(settings) as client:
        found = [each for each in read_letters(client) if each.topic == letters.TOPIC]
    held = {
        each: letters.record_in(each.origin, each.original, preset)
        for each in found
        if each.is_open
    }
    return {letter: record for letter, record in held.items() if record is not None}


def _note(settings: Settings, replayed: Sequence[Letter], topic: Topic) -> None:
    with open_store(settings) as client:
        note_replayed(client, [(letter, topic) for letter in replayed], datetime.now(UTC))


@contextmanager
def _destination(settings: Settings, preset: str, goal: Goal, *, again: bool) -> Iterator[Take]:
    """Where events go, and with them the dead letters, but of records that come from letters."""
    if goal.out is not None:
        with replacing(goal.out) as file:
            yield lambda imported: _write(file, imported)
    elif goal.emit:
        from infra.kafka.emitter import Emitter

        with Emitter(settings.cluster) as emitter:
            if again:
                yield lambda imported: _send_event(emitter, imported)
            else:
                yield lambda imported: send(emitter, imported, preset)
    else:
        yield lambda _: None


def _write(file: BinaryIO, imported: Imported) -> None:
    if isinstance(imported.outcome, Made):
        file.write(imported.outcome.line + b"\n")


def _send_event(emitter: Emitter, imported: Imported) -> None:
    if isinstance(imported.outcome, Made):
        send_event(emitter, imported.outcome)


def _with_progress(rows: Iterator[Placed]) -> Iterator[Placed]:
    """Show how many rows are read, on a terminal; how many there are is not known before."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    screen = console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}")
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("rows read")
        for each in rows:
            bar.advance(task)
            yield each
