"""Reads exports: CSV in whatever encoding and with whatever delimiter, JSON, and lines of JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import jmespath

from infra.errors import InfraError
from processors.mapping.model import Input, Mapping, Part, Table, Value
from processors.mapping.records import Record, Row

_DELIMITERS = ",;\t|"
_MOST_CELL = 1_000_000
"""Characters of a cell; Python's own limit is less than some transcripts."""

Names = tuple[str, ...]
"""The names that a column may have."""

csv.field_size_limit(_MOST_CELL)


class UnreadableExport(InfraError):
    """A file that is not what its mapping says; the message says what it is and what to change."""


def read_records(path: Path, mapping: Mapping) -> Iterator[Record]:
    """The records of an export, in order.

    Raises:
        UnreadableExport: the file cannot be read as its mapping says.
    """
    is_json = mapping.input.format != "csv"
    numbered = enumerate(_rows(path, mapping), start=1)
    if mapping.group_by is None:
        for number, row in numbered:
            yield Record(number, (row,), is_json)
        return
    groups: dict[str, list[Row]] = {}
    first: dict[str, int] = {}
    for number, row in numbered:
        key = Record(number, (row,), is_json).cell(row, mapping.group_by)
        groups.setdefault(key, []).append(row)
        first.setdefault(key, number)
    for key, rows in groups.items():
        yield Record(first[key], rows, is_json)


def read_table(path: Path, table: Table) -> Iterator[tuple[str, str]]:
    """The keys and values of a lookup table, as they are written.

    Raises:
        UnreadableExport: the file cannot be read, or lacks one of its two columns.
    """
    form = Input(delimiter=table.delimiter, encodings=table.encodings)
    for row in _csv_rows(path, form, {(table.key,), (table.value,)}):
        if row[table.key].strip():
            yield row[table.key].strip(), row[table.value].strip()


def _rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    form = mapping.input
    if form.format == "csv":
        yield from _csv_rows(path, form, set(_needed(mapping)))
    elif form.format == "jsonl":
        for number, line in enumerate(_text(path, form).splitlines(), start=1):
            if line.strip():
                yield _parsed(line, f"{path}, line {number}")
    else:
        yield from _json_records(path, form)


def _json_records(path: Path, form: Input) -> Iterator[Row]:
    found: Any = _parsed(_text(path, form), str(path))
    if form.records is not None:
        found = jmespath.search(form.records, found)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        where = f"at {form.records!r}" if form.records else "in it"
        raise UnreadableExport(f"{path}: {where} is no list of records: set input: records")
    yield from found


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableExport(f"{where}: it is no JSON: {error}") from error


def _text(path: Path, form: Input) -> str:
    """The file as text, in the first encoding that fits all of it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableExport(f"{path}: cannot be read: {error.strerror}") from error
    for encoding in form.encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise UnreadableExport(f"there is no encoding {encoding!r}: change input") from error
        if "\0" not in text:
            return text
    raise UnreadableExport(f"{path}: it is no text in {' or '.join(form.encodings)}: set input")


def _csv_rows(path: Path, form: Input, needed: set[Names]) -> Iterator[dict[str, str]]:
    text = _text(path, form)
    delimiter = form.delimiter or _delimiter(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        first = next(lines, [])
        names = [name.strip() for name in first]
        headed = form.columns is None or bool(set(names) & set(form.columns))
        columns = names if headed else form.columns or []
        _check_columns(path, columns, needed, delimiter)
        for cells in lines if headed else chain([first], lines):
            if any(cell.strip() for cell in cells):
                yield dict(zip(columns, cells + [""] * len(columns), strict=False))
    except csv.Error as error:
        raise UnreadableExport(f"{path}, line {lines.line_num}: {error}") from error


def _check_columns(path: Path, columns: Sequence[str], needed: set[Names], delimiter: str) -> None:
    missing = sorted(names for names in needed if not set(names) & set(columns))
    if missing:
        there = ", ".join(map(repr, islice(columns, 30))) or "none"
        raise UnreadableExport(
            f"{path} lacks {', '.join(map(_either, missing))}; its columns, separated by "
            f"{delimiter!r}, are {there}: change the mapping's columns, or input"
        )


def _either(names: Names) -> str:
    return " or ".join(map(repr, names))


def _delimiter(text: str) -> str:
    """What the first line has most of."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=line.count)


def _needed(mapping: Mapping) -> Iterator[Names]:
    """The columns without which no record can be understood, each with its other names."""
    if mapping.group_by is not None:
        yield (mapping.group_by,)
    parts: list[Part | dict[str, Value]] = [*mapping.filters, mapping.source]
    parts += [] if mapping.id is None else [mapping.id]
    for part in [*parts, *mapping.data.values()]:
        yield from _columns_of(part)


def _columns_of(part: Any) -> Iterator[Names]:
    if isinstance(part, dict):
        for inner in part.values():
            yield from _columns_of(inner)
    elif isinstance(part, Value):
        if part.optional:
            return
        if part.column is not None:
            yield (part.column,) if isinstance(part.column, str) else tuple(part.column)
        for value in part.join or []:
            yield from _columns_of(value)
        if part.plus_seconds is not None:
            yield from _columns_of(part.plus_seconds)
    else:
        yield (part.column,)
