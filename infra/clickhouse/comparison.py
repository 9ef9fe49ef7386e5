"""Two versions of the same table, row by row: what differs, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from schemas.rows import Table

TOLERANCE = 1e-9
"""Largest difference between two computations of one mean, rate, interval or correlation."""

ROW = "row"
"""The figure's name where a whole row is on one side only."""


@dataclass(frozen=True)
class Sides:
    """One key of a table with the values of two versions; None: that version has no such row."""

    key: tuple[Any, ...]
    one: tuple[Any, ...] | None
    other: tuple[Any, ...] | None


@dataclass(frozen=True)
class Difference:
    """A figure on which two versions of a table do not agree."""

    table: str
    key: tuple[tuple[str, Any], ...]
    """Names and values that identify the row."""
    figure: str
    one: Any
    other: Any


def differences(table: Table, figures: Sequence[str], rows: list[Sides]) -> Iterator[Difference]:
    """Every figure on which `one` and `other` differ.

    Counts, flags, names and times differ unless they are equal; floating-point figures by more
    than `TOLERANCE`. An undefined figure equals only an undefined one.

    Args:
        table: what the rows are of.
        figures: the columns compared, in the order of the rows' values.
        rows: the two versions, key by key.
    """
    for row in rows:
        key = tuple(zip(table.key, row.key, strict=True))
        if row.one is None or row.other is None:
            there = ["missing" if side is None else "there" for side in (row.one, row.other)]
            yield Difference(table.name, key, ROW, *there)
            continue
        for name, one, other in zip(figures, row.one, row.other, strict=True):
            if not _agree(one, other, _tolerance(table, name)):
                yield Difference(table.name, key, name, one, other)


def as_object(difference: Difference, one: str, other: str) -> dict[str, Any]:
    """A difference as JSON; `one` and `other` name the two versions."""
    return {
        "table": difference.table,
        **{name: _plain(value) for name, value in difference.key},
        "figure": difference.figure,
        one: _plain(difference.one),
        other: _plain(difference.other),
    }


def as_line(difference: Difference, one: str, other: str) -> str:
    """A difference as a line for people."""
    where = "  ".join(str(_plain(value)) for _, value in difference.key)
    values = f"{one} {_plain(difference.one)}, {other} {_plain(difference.other)}"
    return f"{difference.table}  {where}  {difference.figure}: {values}"


def _tolerance(table: Table, name: str) -> float:
    return TOLERANCE if "Float" in table.columns[name] else 0.0


def _agree(one: Any, other: Any, tolerance: float) -> bool:
    if one is None or other is None or not tolerance:
        return bool(one == other)
    return bool(abs(one - other) <= tolerance)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
