"""Brings together the rows of one event or call, wherever in the files they stand.

Rows wait in a temporary database that SQLite moves to disk as it grows, so that the size of an
export does not matter.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Final

from infra.errors import InfraError
from infra.importing.formats.texts import UnreadableExport
from processors.mapping.legs import group_key
from processors.mapping.model import Mapping
from processors.mapping.records import Record

Placed = tuple[Path, Record]
"""A record, and the file it stands in."""

MOST_ROWS: Final = 10_000
"""Of one call, or of the channel events of one."""
_CACHE_KIB: Final = 32 * 1024
"""Memory that the database takes before it writes to disk."""


class NoTemporarySpace(InfraError):
    """The temporary directory has no room for rows that wait; the file itself may be right."""


def grouped(mapping: Mapping, records: Iterable[Placed]) -> Iterator[list[Placed]]:
    """Records with those of the same event or call together, in the order of each one's first.

    Raises:
        NoTemporarySpace: the temporary directory (TMPDIR) is full, or cannot be written.
        UnreadableExport: more rows than a call can have share one key.
    """
    if mapping.group_by is None and mapping.legs is None:
        for each in records:
            yield [each]
        return
    with closing(sqlite3.connect("")) as database:
        try:
            files, is_json = _stored(database, mapping, records)
            _check_groups(database, mapping)
            yield from _in_order(database, files, is_json=is_json)
        except sqlite3.OperationalError as error:
            raise NoTemporarySpace(
                f"the rows of one call cannot be brought together: {error}; TMPDIR needs about as "
                "much free space as the export has bytes"
            ) from error


def _stored(
    database: sqlite3.Connection, mapping: Mapping, records: Iterable[Placed]
) -> tuple[list[Path], bool]:
    """Store all rows; returns the files they stand in, and whether they are JSON."""
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("CREATE TABLE rows (at INTEGER PRIMARY KEY, key, file, number, content)")
    files: dict[Path, int] = {}
    kinds: set[bool] = set()

    def lines() -> Iterator[tuple[bytes | None, int, int, str]]:
        for file, record in records:
            kinds.add(record.is_json)
            content = json.dumps(list(record.rows))
            key = group_key(mapping, record)
            name = None if key is None else key.encode("utf-8", "surrogatepass")
            yield name, files.setdefault(file, len(files)), record.number, content

    database.executemany(
        "INSERT INTO rows (key, file, number, content) VALUES (?, ?, ?, ?)", lines()
    )
    database.execute("CREATE INDEX by_key ON rows (key, at)")
    return list(files), True in kinds


def _check_groups(database: sqlite3.Connection, mapping: Mapping) -> None:
    """Refuse what thousands of rows share: it is no call's, and would not fit into memory."""
    found = database.execute(
        "SELECT count(*), min(number) FROM rows WHERE key IS NOT NULL GROUP BY key "
        "HAVING count(*) > ? LIMIT 1",
        (MOST_ROWS,),
    ).fetchone()
    if found is not None:
        count, first = found
        shared = mapping.group_by or (mapping.legs.of if mapping.legs is not None else "")
        raise UnreadableExport(
            f"{count} rows, the first of them row {first}, have the same {shared}: that is no "
            f"call's (a call has {MOST_ROWS} rows at most). Name another column (legs: {{of: "
            "NAME}), or make each row a call (legs: null)"
        )


def _in_order(
    database: sqlite3.Connection, files: list[Path], *, is_json: bool
) -> Iterator[list[Placed]]:
    found = database.execute(
        "SELECT coalesce(first, at), file, number, content FROM rows LEFT JOIN "
        "(SELECT key, min(at) AS first FROM rows WHERE key IS NOT NULL GROUP BY key) USING (key) "
        "ORDER BY 1, at"
    )
    for _, group in groupby(found, key=lambda row: row[0]):
        yield [
            (files[file], Record(number, json.loads(content), is_json))
            for _, file, number, content in group
        ]
