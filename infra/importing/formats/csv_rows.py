"""Rows of CSV with whatever delimiter, below titles, and with columns that are named alike."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from infra.importing.formats.texts import UnreadableExport, open_text
from processors.mapping.model import Input
from processors.mapping.records import NOT_FITTING

_DELIMITERS = ",;\t|"
_MOST_CELL = 1_000_000
"""Characters of a cell; Python's own limit is less than some transcripts."""
_MOST_TITLES = 20
"""Lines above the names of the columns among which these are looked for, for a message."""

Names = tuple[str, ...]
"""The names that a column may have."""

csv.field_size_limit(_MOST_CELL)


@dataclass(frozen=True)
class Wanted:
    """The columns that are asked for."""

    needed: frozenset[Names]
    """Those without which no row can be understood, each with its other names."""
    optional: frozenset[str] = frozenset()
    advice: str = (
        "change the mapping's columns, or input; ascolto import presets suggest FILE writes a "
        "mapping for these columns, ascolto import presets show NAME prints what the preset expects"
    )
    """What to do where one that is needed is not there."""

    def among(self, columns: Sequence[str]) -> list[str]:
        """The columns, those that are written a little otherwise by the name they are asked for.

        `Codice Cliente` is `codice_cliente`. Only where a needed column is missing otherwise is
        `Start Time` also `StartTime`: a file that was read before keeps the names of its columns,
        and so the ids made of its content. Of columns with one name each has its place behind it,
        as in `importo (2)`: the mapping says which is meant.
        """
        stripped = [column.strip() for column in columns]
        named = self._named(stripped, _plain)
        if self.missing_from(named):
            named = self._named(stripped, _squeezed)
        return _numbered(named)

    def _named(self, columns: Sequence[str], simplified: Callable[[str], str]) -> list[str]:
        """The columns by the names they are asked for, where the two are alike once simplified."""
        asked = set(chain.from_iterable(self.needed)) | self.optional
        alike = {simplified(name): name for name in asked - set(columns)}
        return [
            column if column in asked else alike.get(simplified(column), column)
            for column in columns
        ]

    def missing_from(self, columns: Iterable[str]) -> list[Names]:
        """Those that are needed and not there."""
        there = set(columns)
        return sorted(names for names in self.needed if not set(names) & there)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _numbered(columns: list[str]) -> list[str]:
    times, seen = Counter(columns), Counter[str]()
    numbered = []
    for column in columns:
        seen[column] += 1
        repeated = bool(column) and times[column] > 1
        numbered.append(f"{column} ({seen[column]})" if repeated else column)
    return numbered


def csv_rows(path: Path, form: Input, wanted: Wanted) -> Iterator[dict[str, str]]:
    """The rows of a file, blank ones apart, by the names of their columns.

    Raises:
        UnreadableExport: the file cannot be read as `form` says, or a column is missing.
    """
    with open_text(path, form.encodings) as file:
        start, delimiter = _first_line(file, form)
        lines = csv.reader(chain([start], file), delimiter=delimiter)
        number = 0
        try:
            first = next(lines)
            columns, headed = _columns(first, form, wanted)
            if missing := wanted.missing_from(columns):
                raise UnreadableExport(
                    f"{path} lacks {', '.join(map(_either, missing))}; its columns, separated by "
                    f"{delimiter!r}, are {_listed(columns)}: {_advice(path, form, wanted)}"
                )
            for cells in lines if headed else chain([first], lines):
                if any(cell.strip() for cell in cells):
                    number += 1
                    yield _row(cells, columns, headed=headed)
        except csv.Error as error:
            raise UnreadableExport(
                f"{path}, row {number + 1}: {error}: a quotation mark not closed there takes in "
                "all that follows; where rows of a call are brought together, no event is made "
                "of the file"
            ) from error


def _first_line(file: TextIO, form: Input) -> tuple[str, str]:
    """The line of the columns' names and the delimiter; `sep=;` above it is what Excel writes."""
    for _ in islice(file, form.skip_lines):
        pass
    line = next(filter(str.strip, file), "")
    said = re.fullmatch(r"sep=(.)", line.rstrip("\r\n"), re.IGNORECASE)
    if said:
        line = next(file, "")
    return line, form.delimiter or (said[1] if said else delimiter_of(line))


def _columns(first: list[str], form: Input, wanted: Wanted) -> tuple[list[str], bool]:
    """The columns, and whether the first line names them."""
    names = wanted.among(first)
    if form.columns is None:
        return names, True
    headed = len(set(names) & set(form.columns)) > 1
    return (names if headed else form.columns), headed


def _row(cells: list[str], columns: list[str], *, headed: bool) -> dict[str, str]:
    """A row by its columns; what does not fit is kept, so that the row is refused.

    A delimiter in a text without quotes makes more cells than there are columns; a quotation
    mark that is not closed takes the next lines in, and makes fewer.
    """
    row = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
    surplus = cells[len(columns) :] if headed else []
    if any(cell.strip() for cell in surplus):
        row[NOT_FITTING] = " ".join(surplus)
    elif len(cells) < len(columns) and "\n" in cells[-1].strip():
        row[NOT_FITTING] = ""
    return row


def _either(names: Names) -> str:
    return " or ".join(map(repr, names))


def _listed(columns: Sequence[str]) -> str:
    """The names of columns; nothing of a first line that seems to hold values instead."""
    if any(re.search(r"\d{3}|@", column) for column in columns):
        return "not named by the first line (input: {columns: [...]} names them)"
    return ", ".join(map(repr, islice(filter(None, columns), 30))) or "none"


def _advice(path: Path, form: Input, wanted: Wanted) -> str:
    """What to change: the names may stand further down, below titles."""
    with open_text(path, form.encodings) as file:
        for number, line in enumerate(islice(file, form.skip_lines + _MOST_TITLES)):
            cells = next(csv.reader([line], delimiter=form.delimiter or delimiter_of(line)))
            if number > form.skip_lines and not wanted.missing_from(wanted.among(cells)):
                return f"line {number + 1} has them, so set input: {{skip_lines: {number}}}"
    return wanted.advice


def delimiter_of(line: str) -> str:
    """What a line has most of."""
    return max(_DELIMITERS, key=line.count)
