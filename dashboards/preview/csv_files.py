"""A panel's rows as a CSV file that a spreadsheet opens as it stands.

In Italian the separators are those of an Italian Excel: `;` between cells, a decimal comma. A text
that a spreadsheet would take for a formula gets an apostrophe before it, also where the formula
stands behind a separator within a cell: a spreadsheet of another language splits the cell there.
A cell is one line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboards.preview.reading import Json

_BOM = "\ufeff"
"""Without it Excel does not read the file as UTF-8."""
_FORMULA = re.compile(r'(^|[;,\t])(?=[ "]*[=+\-@\t\uff1d\uff0b\uff0d\uff20])')
"""Where something begins that is taken for a formula, in full width too: a cell, or a part of one
behind a separator of some spreadsheet."""
_BETWEEN = " | "
"""Between the texts of a list, and the lines of a text."""
_WORDED = {
    "kind": "alert_kind",
    "driver": "driver",
    "rating_source": "rating_source",
    "segment": "segment",
}
"""Columns of codes, and where the words for them are."""


def csv_of(
    answer: Json,
    words: Mapping[str, str],
    *,
    decimal_comma: bool,
    zone: ZoneInfo,
    name_of: Callable[[str], str],
) -> bytes:
    """The file's bytes: a line of headings, then the rows.

    Args:
        answer: the panel's `columns` and `rows`; times as ISO 8601 texts.
        words: the texts of a language, for headings and codes.
        decimal_comma: whether numbers have one; cells are then apart by `;`.
        zone: of the times.
        name_of: an agency's display name.
    """
    columns = answer["columns"]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if decimal_comma else ",")
    writer.writerow(_safe(words.get(f"column.{name}", name)) for name in columns)

    def cell(name: str, value: Json) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return words["csv.yes" if value else "csv.no"]
        if isinstance(value, int | float):
            return str(value).replace(".", ",") if decimal_comma else str(value)
        if isinstance(value, list):
            return _safe(_BETWEEN.join(str(each) for each in value))
        if name == "agency":
            return _safe(name_of(value))
        if name in _WORDED:
            return _safe(words.get(f"{_WORDED[name]}.{value}", value))
        return _time(value, zone) or _safe(str(value))

    for row in answer["rows"]:
        writer.writerow(cell(name, value) for name, value in zip(columns, row, strict=True))
    return (_BOM + text.getvalue()).encode()


def _time(value: str, zone: ZoneInfo) -> str | None:
    """A time as day and time of day in the zone; None for another text."""
    if len(value) < len("2026-06-30T20:26:00+00:00") or value[10:11] != "T":
        return None
    try:
        return datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return None


def _safe(text: str) -> str:
    """A text as a cell that every spreadsheet shows as it is, in one line."""
    lines = text.replace("\0", "").splitlines()
    return _FORMULA.sub(r"\1'", _BETWEEN.join(line for line in lines if line.strip()))
