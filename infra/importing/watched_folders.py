"""Folders whose files are imported as they appear, each once, also after a crash.

A file is taken when its size and time have not changed between two polls. What is done is noted
in a ledger after Kafka has confirmed all of it: a crash before imports the file again, whose
events have the same ids.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any, Final

import fsspec
import yaml
from pydantic import Field, ValidationError

from infra.atomic_files import replacing
from infra.errors import InfraError
from infra.importing.grouping import NoTemporarySpace
from infra.importing.importer import Import, Imported, read_tables
from infra.importing.letters import REFUSED, TOPIC
from infra.importing.mapping_files import MappingError, load
from infra.importing.rows import UnreadableExport
from infra.places.access import Accesses
from infra.places.failures import PlaceError
from infra.places.locations import Location, has_scheme, parse_location
from infra.places.remote import RemotePlace
from processors.mapping.mapper import Refused, UnknownCustomer
from processors.mapping.model import Part
from schemas.dead_letters import dead_letter
from schemas.derived import DeadLetter
from schemas.topics import MOST_ORIGINAL_BYTES

log = logging.getLogger(__name__)

AWAY: Final = (OSError, TimeoutError, PlaceError)
"""What file systems raise that cannot be reached now."""
_MOST_REPORTED = 1000
"""Records named in a report; the others are counted."""


class WrongConfiguration(InfraError):
    """The configuration of watched folders cannot be used; the message says why."""


class WatchedFolder(Part):
    """A folder, and how its files are read."""

    url: str = Field(description="a path, sftp://host/path or s3://bucket/path")
    files: str = Field("*", description="names to take, such as *.csv")
    preset: str
    mapping: Path | None = Field(None, description="relative to this file")


class Watching(Part):
    """What is watched, and how often."""

    folders: list[WatchedFolder] = Field(min_length=1)
    every_seconds: float = Field(30.0, gt=0, description="between two polls")


def read_watching(path: Path) -> Watching:
    """Read a configuration.

    Raises:
        WrongConfiguration: it cannot be read, or one of its mappings cannot be used.
    """
    try:
        watching = Watching.model_validate(yaml.safe_load(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WrongConfiguration(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(map(str, detail["loc"]))
        raise WrongConfiguration(f"{path}: {where}: {detail['msg']}") from error
    for folder in watching.folders:
        try:
            _require_folder(folder.url)
            read_tables(load(folder.preset, _mapping_path(path, folder)))
        except (MappingError, UnreadableExport) as error:
            raise WrongConfiguration(str(error)) from error
        except (ImportError, ValueError) as error:
            raise WrongConfiguration(f"{path}: {error}") from error
    return watching


def _require_folder(url: str) -> None:
    """Check an address without opening it; raises ValueError or ImportError."""
    try:
        if not has_scheme(url):
            fsspec.url_to_fs(url)
        elif parse_location(url).scheme == "https":
            raise ValueError("a folder behind https cannot be listed")
    except (ImportError, ValueError) as error:
        shown = url if "@" not in url else "a folder's url"
        raise ValueError(f"{shown}: {error}") from error


@contextmanager
def opened(url: str, accesses: Accesses) -> Iterator[tuple[Any, str]]:
    """A folder's file system, and its path in it; places are reached as `accesses` say.

    Raises:
        PlaceError: a place cannot be used.
    """
    if not has_scheme(url):
        yield fsspec.url_to_fs(url)
        return
    location = parse_location(url)
    with RemotePlace(location, accesses.of(location)).opened() as (files, path):
        yield files, path


def _mapping_path(configuration: Path, folder: WatchedFolder) -> Path | None:
    return None if folder.mapping is None else configuration.parent / folder.mapping


@dataclass(frozen=True)
class Seen:
    """A file as it was at one poll."""

    path: str
    size: int
    modified: str

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return PurePosixPath(self.path).name


@dataclass
class Ledger:
    """The files that are done, by folder, name and content; one JSON object a line."""

    path: Path
    _done: set[tuple[str, str]] = field(default_factory=set)
    _unchanged: set[tuple[str, str, int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read what earlier runs have done; a last line cut short by a crash does not count."""
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                done = json.loads(line)
                self._note(done)
            except (ValueError, KeyError):
                log.warning("%s: a line that is cut short is passed over", self.path)

    def knows(self, url: str, seen: Seen) -> bool:
        """Whether a file was done and has not changed since."""
        return (url, seen.name, seen.size, seen.modified) in self._unchanged

    def has_content(self, url: str, checksum: str) -> bool:
        """Whether a file with this content was done, under whatever name."""
        return (url, checksum) in self._done

    def add(self, done: dict[str, Any]) -> None:
        """Note a file as done, on disk before this returns."""
        line = json.dumps(done, sort_keys=True)
        with self.path.open("a", encoding="utf-8") as file:
            if file.tell() and not _ends_with_newline(self.path):
                file.write("\n")
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._note(done)

    def _note(self, done: dict[str, Any]) -> None:
        self._done.add((done["url"], done["sha256"]))
        self._unchanged.add((done["url"], done["name"], done["size"], done["modified"]))


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@dataclass
class Watcher:
    """Imports what is new in folders.

    `send` and `send_letter` deliver; `confirm` waits until Kafka has everything.
    """

    configuration: Path
    watching: Watching
    directory: Path
    """Where the ledger and the reports are."""
    recordings: Sequence[Path | Location]
    send: Callable[[Imported, str], None]
    send_letter: Callable[[DeadLetter], None]
    confirm: Callable[[], None]
    say: Callable[[str], None]
    accesses: Accesses = field(default_factory=Accesses)
    _before: dict[tuple[str, str], Seen] = field(default_factory=dict)
    _ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        """Read the ledger."""
        (self.directory / "reports").mkdir(parents=True, exist_ok=True)
        self._ledger = Ledger(self.directory / "ledger.jsonl")

    def poll(self) -> int:
        """Look into every folder once; returns how many files were imported.

        A folder that cannot be reached is looked into the next time.
        """
        done = 0
        for folder in self.watching.folders:
            try:
                for seen in self._settled(folder):
                    done += self._import(folder, seen)
            except AWAY as error:
                log.warning("%s is away (%s); polling again", folder.url, _reason(error))
            except (MappingError, UnreadableExport, NoTemporarySpace) as error:
                log.warning("%s: its files wait: %s", folder.url, error)
        return done

    def _settled(self, folder: WatchedFolder) -> Iterator[Seen]:
        """Files that are new, and as they were at the poll before."""
        with opened(folder.url, self.accesses) as (files, root):
            found = sorted(_files(files, f"{root}/{folder.files}"), key=lambda each: each.path)
        for seen in found:
            if self._ledger.knows(folder.url, seen):
                continue
            before = self._before.get((folder.url, seen.path))
            self._before[folder.url, seen.path] = seen
            if before == seen:
                yield seen

    def _import(self, folder: WatchedFolder, seen: Seen) -> bool:
        """Import a file, unless its content was imported; returns whether it was."""
        with tempfile.TemporaryDirectory() as temporary:
            local = Path(temporary) / seen.name
            with opened(folder.url, self.accesses) as (files, _):
                files.get_file(seen.path, str(local))
            if local.stat().st_size != seen.size:
                return False  # It was written to meanwhile.
            with local.open("rb") as file:
                checksum = file_digest(file, "sha256").hexdigest()
            done = {
                "url": folder.url,
                "name": seen.name,
                "size": seen.size,
                "modified": seen.modified,
                "sha256": checksum,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            if self._ledger.has_content(folder.url, checksum):
                self._ledger.add(done)
                return False
            report = self._imported(folder, local)
        self.confirm()
        path = self.directory / "reports" / f"{seen.name}.{checksum[:8]}.json"
        with replacing(path) as file:
            file.write(json.dumps({**done, **report}, ensure_ascii=False, indent=2).encode())
        self._ledger.add({**done, **report["counts"]})
        counts = ", ".join(f"{value} {key}" for key, value in report["counts"].items())
        self.say(f"{seen.name}: {report['error'] or counts}; see {path}")
        return True

    def _imported(self, folder: WatchedFolder, local: Path) -> dict[str, Any]:
        """Send a file's events and dead letters; returns its report."""
        mapping_file = load(folder.preset, _mapping_path(self.configuration, folder))
        importing = Import(mapping_file, read_tables(mapping_file), self.recordings)
        refused = []
        error = None
        try:
            for imported in importing.run(importing.read([local])):
                self.send(imported, folder.preset)
                if isinstance(imported.outcome, Refused | UnknownCustomer):
                    refused.append({"row": imported.record.number, "why": imported.outcome.reason})
        except UnreadableExport as unreadable:
            error = str(unreadable).replace(str(local), local.name)
            size = local.stat().st_size
            with local.open("rb") as file:
                beginning = file.read(MOST_ORIGINAL_BYTES)
            cut = f" (the first {len(beginning)} of its {size} bytes are kept)"
            self.send_letter(
                dead_letter(
                    topic=TOPIC,
                    origin=local.name,
                    original=beginning,
                    reason=error + (cut if size > len(beginning) else ""),
                    error_class=REFUSED,
                )
            )
        counts = importing.counts.as_json()
        return {"counts": counts, "error": error, "refused_rows": refused[:_MOST_REPORTED]}


def _reason(error: Exception) -> str:
    if isinstance(error, PlaceError):
        return f"{error}; {error.todo}" if error.todo else str(error)
    return type(error).__name__


def _files(files: Any, pattern: str) -> Iterator[Seen]:
    for path, info in files.glob(pattern, detail=True).items():
        if info["type"] == "file":
            modified = info.get("mtime") or info.get("LastModified") or info.get("ETag")
            yield Seen(path, int(info["size"]), str(modified))
