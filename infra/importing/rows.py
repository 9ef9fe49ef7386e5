"""Reads exports: the records of a file as its mapping says, and lookup tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.importing.formats.csv_rows import Names, Wanted, csv_rows
from infra.importing.formats.json_rows import json_records
from infra.importing.formats.texts import UnreadableExport
from processors.mapping.model import Case, Condition, Input, Legs, Mapping, Table, Value
from processors.mapping.records import Record, Row

__all__ = ["UnreadableExport", "read_records", "read_table", "wanted_by"]


def read_records(path: Path, mapping: Mapping) -> Iterator[Record]:
    """The rows of an export, in order, each as a record.

    Raises:
        UnreadableExport: the file cannot be read as its mapping says.
    """
    is_json = mapping.input.format != "csv"
    if path.is_file() and path.stat().st_size == 0:
        raise UnreadableExport(f"{path}: is empty: has the system written it?")
    for number, row in enumerate(_rows(path, mapping), start=1):
        yield Record(number, (row,), is_json)


def read_table(path: Path, table: Table) -> Iterator[tuple[int, str, str]]:
    """The keys and values of a lookup table as they are written, with the rows they stand in.

    Raises:
        UnreadableExport: the file cannot be read, or lacks one of its two columns.
    """
    form = Input(delimiter=table.delimiter, encodings=table.encodings, skip_lines=table.skip_lines)
    wanted = Wanted(
        frozenset({(table.key,), (table.value,)}),
        advice="let the table's key and value name two of these (tables: ... key, value)",
    )
    for number, row in enumerate(csv_rows(path, form, wanted), start=1):
        for key in table.keys_in(row[table.key]):
            yield number, key, row[table.value].strip()


def _rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    if mapping.input.format != "csv":
        wanted = wanted_by(mapping)
        paths = wanted.optional.union(*wanted.needed)
        return json_records(path, mapping.input, {re.split(r"\W", each)[0] for each in paths})
    return csv_rows(path, mapping.input, wanted_by(mapping))


def wanted_by(mapping: Mapping) -> Wanted:
    """The columns that a mapping names, those it needs and those that may be absent."""
    parts: list[Any] = [mapping.source, mapping.id, *mapping.data.values(), *mapping.filters]
    # Where an export lacks the columns of legs, each of its rows is a call.
    named = [*parts, mapping.legs]
    needed = {(mapping.group_by,)} if mapping.group_by is not None else set()
    return Wanted(
        frozenset(needed.union(*(_needed_by(part) for part in parts))),
        frozenset(name for part in named for name in _named_in(part)),
    )


def _needed_by(part: Any) -> Iterator[Names]:
    """The columns without which a part of a mapping finds nothing, each with its other names."""
    if isinstance(part, dict):
        for inner in part.values():
            yield from _needed_by(inner)
    elif isinstance(part, Condition):
        if part.column is not None:
            yield (part.column,)
    elif isinstance(part, Value) and not part.optional:
        if part.column is not None:
            yield (part.column,) if isinstance(part.column, str) else tuple(part.column)
        for value in [*(part.join or []), part.plus_seconds]:
            yield from _needed_by(value)


def _named_in(part: Any) -> Iterator[str]:
    """Every column that a part of a mapping names."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _named_in(inner)
    elif isinstance(part, Value | Condition | Case | Legs):
        for name in type(part).model_fields:
            inner = getattr(part, name)
            if name in ("column", "same_as", "of", "longest") and inner is not None:
                yield from _listed(inner)
            elif name not in ("map", "value"):
                yield from _named_in(inner)


def _listed(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns
