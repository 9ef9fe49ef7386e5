"""Records of an export: one row, or the rows that make one event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from processors.mapping.conversions import CannotConvert, number
from processors.mapping.model import Condition

Row = Mapping[str, Any]
"""A row of CSV (texts by column), or an object of JSON."""


NOT_FITTING: Final = "(cells that do not fit)"
"""Stands among the columns of a row that has more or fewer cells than there are columns."""


_NULLS: Final = ("\\N", "NULL")
"""How databases write nothing into CSV."""
_MOST_DEPTH: Final = 200
"""Objects and lists within one another."""
_TOTAL: Final = re.compile(
    r"(?:grand |sub)?total[es]?(?: generale| complessivo| incassi| pagamenti)?[:.]?|totali[:.]?",
    re.IGNORECASE,
)


class NoColumn(CannotConvert):
    """A column that the rows do not have."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one event is made of, and where it stands in its file (row 1 is the first)."""

    number: int
    rows: Sequence[Row]
    is_json: bool

    def has(self, row: Row, column: str) -> bool:
        """Whether one of the rows has a column, empty or not."""
        return self.is_json or column in row

    def cell(self, row: Row, column: str) -> str:
        """The text of a column of one of the rows; '' where there is nothing.

        Raises:
            NoColumn: the rows have no such column.
        """
        if self.is_json:
            return as_text(_found_at(column, row))
        if column not in row:
            raise NoColumn(f"needs the column {column!r}, which is not there")
        text = as_text(row[column])
        return "" if text in _NULLS else text

    def text(self, row: Row, columns: str | Sequence[str]) -> str:
        """The first text in columns of one of the rows; '' where there is none, or no column."""
        for column in [columns] if isinstance(columns, str) else columns:
            if self.has(row, column) and (text := self.cell(row, column).strip()):
                return text
        return ""

    def any_row(self, condition: Condition) -> bool:
        """Whether a condition holds of at least one of the rows."""
        return any(self.holds(condition, row) for row in self.rows)

    def holds(self, condition: Condition, row: Row) -> bool:
        """Whether a condition holds of one of the rows; a column that is not there is empty."""
        if condition.any_of is not None:
            return any(self.holds(each, row) for each in condition.any_of)
        if condition.all_of is not None:
            return all(self.holds(each, row) for each in condition.all_of)
        if condition.none_of is not None:
            return not any(self.holds(each, row) for each in condition.none_of)
        assert condition.column is not None, "one of the four is given"
        text = self.text(row, condition.column)
        word = text.casefold()
        return (
            (condition.is_ is None or word in _words(condition.is_))
            and (condition.is_not is None or word not in _words(condition.is_not))
            and (condition.starts_with is None or text.startswith(tuple(condition.starts_with)))
            and (condition.ends_with is None or text.endswith(tuple(condition.ends_with)))
            and (condition.same_as is None or text == self.text(row, condition.same_as))
            and (condition.empty is None or (not text) is condition.empty)
            and (condition.longer_than is None or len(text) > condition.longer_than)
            and (condition.shorter_than is None or len(text) < condition.shorter_than)
            and (condition.at_least is None or _number(text) >= condition.at_least)
            and (condition.at_most is None or _number(text) <= condition.at_most)
        )

    def content_id(self) -> str:
        """An id made of the content alone: the same wherever the record stands."""
        content = json.dumps(list(self.rows), sort_keys=True, default=str).encode()
        return sha256(content).hexdigest()[:32]


def as_json_bytes(value: Any) -> bytes:
    """JSON in UTF-8; half of a surrogate pair, which UTF-8 has no bytes for, is escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def is_too_deep(text: str, value: Any) -> bool:
    """Whether a value that was read from JSON is nested deeper than any export is.

    What can be read may still be too deep to be written again.
    """
    if text.count("[") + text.count("{") <= _MOST_DEPTH:
        return False
    level = [value]
    for _ in range(_MOST_DEPTH):
        inner = [each.values() if isinstance(each, dict) else each for each in level]
        level = [each for part in inner for each in part if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def is_total(row: Row) -> bool:
    """Whether a row of a report sums up those above it: its first text is `Totale`, say."""
    first = next(
        (text.strip() for text in row.values() if isinstance(text, str) and text.strip()), ""
    )
    return is_total_word(first)


def is_total_word(text: str) -> bool:
    """Whether a text says that it stands beside a sum."""
    return _TOTAL.fullmatch(text) is not None


def as_text(found: Any) -> str:
    """A cell as text: '' for nothing, of JSON's values as JSON writes them."""
    if found is None:
        return ""
    return found if isinstance(found, str) else json.dumps(found)


def _found_at(expression: str, row: Row) -> Any:
    try:
        return _path(expression).search(row)
    except JMESPathError as error:
        raise CannotConvert(f"cannot be found by {expression!r}: {type(error).__name__}") from None


@lru_cache(maxsize=4096)
def _path(expression: str) -> Any:
    return jmespath.compile(expression)


def check_path(expression: str) -> None:
    """Raise ValueError for what is no JMESPath."""
    try:
        _path(expression)
    except JMESPathError as error:
        raise ValueError(f"{expression!r} is no JMESPath: {error}") from error


def _words(texts: Sequence[str]) -> set[str]:
    return {text.casefold() for text in texts}


def _number(text: str) -> float:
    try:
        return number(text)
    except CannotConvert:
        return float("nan")
