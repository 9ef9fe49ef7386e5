"""Imports exports: every record's outcome, counted and in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from infra.importing.grouping import Placed, grouped
from infra.importing.mapping_files import MappingFile
from infra.importing.rows import UnreadableExport, read_records, read_table
from infra.places.locations import Location, has_scheme
from processors.mapping.conversions import CannotConvert, phone
from processors.mapping.legs import group_key, outcomes_of, rows_of
from processors.mapping.mapper import Made, Mapper, Outcome, Refused, Tables, UnknownCustomer
from processors.mapping.model import Table
from processors.mapping.records import Record


@dataclass
class Counts:
    """What an import has understood so far."""

    rows: int = 0
    events: int = 0
    passed_over: int = 0
    """Records of which a filter does not hold."""
    legs: int = 0
    """Rows of a call for which another of its rows speaks."""
    refused: int = 0
    unmatched_customers: int = 0
    missing_recordings: int = 0
    """Events whose recording is not in its place yet; they are imported all the same."""

    def as_json(self) -> dict[str, int]:
        """The last line of `ascolto import --json`; more fields may follow the first five."""
        return {
            "rows": self.rows,
            "events": self.events,
            "refused": self.refused,
            "unmatched_customers": self.unmatched_customers,
            "missing_recordings": self.missing_recordings,
            "legs": self.legs,
            "passed_over": self.passed_over,
        }


@dataclass(frozen=True)
class Imported:
    """A record of a file, and what became of it."""

    file: Path
    record: Record
    outcome: Outcome
    recording_is_missing: bool = False


def read_tables(mapping_file: MappingFile) -> Tables:
    """The lookup tables that a mapping names.

    Raises:
        UnreadableExport: one cannot be read, or has two values for one key.
    """
    country = mapping_file.mapping.country
    return {
        name: _read_table(mapping_file.folder / table.file, table, country)
        for name, table in mapping_file.mapping.tables.items()
    }


def _read_table(path: Path, table: Table, country: str) -> dict[str, str]:
    """The values of a table by key; of telephone numbers those without a digit are left out."""
    found: dict[str, str] = {}
    ambiguous: dict[str, int] = {}
    written = 0
    for number, key, value in read_table(path, table):
        written += 1
        try:
            key = phone(key, country) if table.as_ == "phone" else key
        except CannotConvert as error:
            if any(map(str.isdigit, key)):
                raise UnreadableExport(
                    f"{path}, row {number}: the key {error} (separators: [;] takes them apart)"
                ) from None
            continue
        if found.setdefault(key, value) != value:
            ambiguous.setdefault(key, number)
    if written and not found:
        raise UnreadableExport(f"{path}: none of its keys is a telephone number: is key right?")
    if ambiguous and table.ambiguous == "refuse":
        rows = ", ".join(map(str, islice(ambiguous.values(), 5)))
        raise UnreadableExport(
            f"{path}: keys that stand there with another value already: {len(ambiguous)}, for "
            f"instance in row {rows}; ambiguous: unknown takes calls from them as unknown"
        )
    return {key: value for key, value in found.items() if key not in ambiguous}


@dataclass
class Import:
    """One import: a mapping, its tables, and where recordings lie."""

    mapping_file: MappingFile
    tables: Tables
    recordings: Sequence[Path | Location]
    counts: Counts = field(default_factory=Counts)

    def run(self, rows: Iterable[Placed]) -> Iterator[Imported]:
        """What becomes of every row, given with the file it stands in; of a call's legs together.

        Raises:
            NoTemporarySpace: there is no room for rows that wait for others.
            UnreadableExport: more rows than a call can have share one key.
        """
        mapper = Mapper(self.mapping_file.mapping, self.tables)
        for group in grouped(self.mapping_file.mapping, rows):
            yield from self._outcomes(mapper, group)

    def run_again(self, letters: Sequence[Placed]) -> tuple[list[Imported], list[bool]]:
        """What becomes of the records of dead letters, and of each letter whether it is done with.

        Rows of one call are brought together, in whatever letters they are. A letter is done with
        if an event can be made of a row of its own, and nothing of it is left without one.
        """
        mapping = self.mapping_file.mapping
        mapper = Mapper(mapping, self.tables)
        alone = Mapper(mapping, self.tables)
        done: list[Imported] = []
        for group in self._brought_together(letters):
            done += self._outcomes(mapper, group)
        left = {
            id(row)
            for each in done
            if isinstance(each.outcome, Refused | UnknownCustomer)
            for row in each.record.rows
        }
        finished = [
            any(isinstance(alone.apply(each), Made) for each in self._units(record))
            and not any(id(row) in left for row in record.rows)
            for _, record in letters
        ]
        return done, finished

    def _brought_together(self, letters: Sequence[Placed]) -> list[list[Placed]]:
        """Letters with those of the same call; one of grouped rows holds all of them already."""
        groups: dict[object, list[Placed]] = {}
        for file, record in letters:
            legs = self.mapping_file.mapping.legs is not None
            key = group_key(self.mapping_file.mapping, record) if legs else None
            groups.setdefault(object() if key is None else key, []).append((file, record))
        return list(groups.values())

    def _units(self, record: Record) -> list[Record]:
        """What is mapped by itself: the rows of a call, or else the record."""
        return rows_of(record) if self.mapping_file.mapping.legs is not None else [record]

    def _outcomes(self, mapper: Mapper, group: Sequence[Placed]) -> Iterator[Imported]:
        """What becomes of rows that belong together, each with the file of the one that speaks."""
        files = {id(row): file for file, record in group for row in record.rows}
        for record, outcome in outcomes_of(mapper, [record for _, record in group]):
            yield self._counted(files[id(record.rows[0])], record, outcome)

    def read(self, files: Sequence[Path]) -> Iterator[Placed]:
        """The rows of the files.

        Raises:
            UnreadableExport: a file cannot be read. The rows before the fault were given already;
                where rows are grouped, by `legs` or `group_by`, `run` has made nothing of them,
                since it reads all rows before the first event.
        """
        for file in files:
            for record in read_records(file, self.mapping_file.mapping):
                yield file, record

    def _counted(self, file: Path, record: Record, outcome: Outcome) -> Imported:
        counts = self.counts
        counts.rows += len(record.rows)
        if self.mapping_file.mapping.legs is not None:
            counts.legs += len(record.rows) - 1
        missing = False
        match outcome:
            case Made(recordings=uris):
                counts.events += 1
                missing = not all(map(self._is_there, uris))
                counts.missing_recordings += missing
            case Refused():
                counts.refused += 1
            case UnknownCustomer():
                counts.unmatched_customers += 1
            case _:
                counts.passed_over += 1
        return Imported(file, record, outcome, missing)

    def _is_there(self, uri: str) -> bool:
        """Whether a recording can be read in one of the directories of recordings.

        What is elsewhere is taken to be there: nothing is asked of other machines here.
        """
        if has_scheme(uri):
            return True
        folders = [each for each in self.recordings if isinstance(each, Path)]
        if len(folders) < len(self.recordings) and not uri.startswith(("/", "file:")):
            return True
        path = Path(unquote(urlsplit(uri).path)) if uri.startswith("file:") else Path(uri)
        try:
            return any((folder / path).is_file() for folder in folders or [Path()])
        except OSError:
            return False
