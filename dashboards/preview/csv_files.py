"""A panel's rows as a CSV file that a spreadsheet opens as it stands.

In Italian the separators are those of an Italian Excel: `;` between cells, a decimal comma. A text
that a spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboards.preview.reading import Json

_BOM = "\ufeff"
"""Without it Excel does not read the file as UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell that is taken for a formula begins with, in full width too."""
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
            return _safe(" | ".join(str(each) for each in value))
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
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
