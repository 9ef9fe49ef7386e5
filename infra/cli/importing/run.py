"""Runs an import: events to a file or to Kafka, and a report of what was not understood."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from infra.cli.failures import FAILED, WRONG_USAGE, counted, say
from infra.cli.importing.report import Report
from infra.importing.importer import Import, Imported, read_tables
from infra.importing.mapping_files import MappingError, load
from infra.importing.rows import UnreadableExport
from infra.plain_text import console
from infra.settings import Settings
from processors.mapping.mapper import Made
from schemas.codec import Routed, decode_inbound

if TYPE_CHECKING:
    from infra.kafka.emitter import Emitter


Send = Callable[[bytes], None]
"""Takes an event's line."""


class Goal(NamedTuple):
    """What becomes of the events; neither `out` nor `emit`: nothing, it is a dry run."""

    out: Path | None
    emit: bool
    as_json: bool


def run_import(
    settings: Settings, preset: str, files: Sequence[Path], mapping: Path | None, goal: Goal
) -> int:
    """Import `files`; returns the exit code: 1 where a row was refused or has no known customer."""
    from infra.kafka.emitter import DeliveryFailed

    try:
        mapping_file = load(preset, mapping)
        importing = Import(mapping_file, read_tables(mapping_file), settings.recordings)
    except (MappingError, UnreadableExport) as error:
        say(str(error))
        return WRONG_USAGE
    report = Report()
    try:
        with ExitStack() as stack:
            send = stack.enter_context(_destination(settings, goal))
            for imported in _with_progress(importing.run(files)):
                report.add(imported)
                if isinstance(imported.outcome, Made) and send is not None:
                    send(imported.outcome.line)
    except (UnreadableExport, DeliveryFailed) as error:
        say(f"{error}\nimport again when it is put right: the same events do no harm")
        return FAILED
    report.show(importing.counts)
    if goal.out is not None:
        say(f"{counted(importing.counts.events, 'event')} written to {goal.out}")
    elif goal.emit:
        say(f"{counted(importing.counts.events, 'event')} sent to {settings.kafka} and confirmed")
    if goal.as_json:
        print(json.dumps(importing.counts.as_json()))
    return FAILED if importing.counts.refused or importing.counts.unmatched_customers else 0


@contextmanager
def _destination(settings: Settings, goal: Goal) -> Iterator[Send | None]:
    """Where lines are sent; None where they are only counted."""
    if goal.out is not None:
        with _replaced(goal.out) as file:
            yield lambda line: _write(file, line)
    elif goal.emit:
        from infra.kafka.emitter import Emitter

        with Emitter(settings.kafka) as emitter:
            yield lambda line: _emit(emitter, line)
    else:
        yield None


def _write(file: BinaryIO, line: bytes) -> None:
    file.write(line + b"\n")


def _emit(emitter: Emitter, line: bytes) -> None:
    routed = decode_inbound(line)
    assert isinstance(routed, Routed), "the mapper has read it"
    emitter.write(routed.topic, routed.event.data.customer_id.encode(), line)


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when it is whole."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _with_progress(imported: Iterator[Imported]) -> Iterator[Imported]:
    """Show how many records are read, on a terminal; how many there are is not known before."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    screen = console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed}")
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("records read")
        for each in imported:
            bar.advance(task)
            yield each
