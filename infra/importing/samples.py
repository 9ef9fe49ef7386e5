"""The first rows of an export that nobody has described yet, and the preset that reads them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping as Names
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from infra.importing.formats.csv_rows import Wanted, csv_rows, delimiter_of
from infra.importing.formats.json_rows import json_records
from infra.importing.formats.json_stream import JsonStream, NotJson
from infra.importing.formats.texts import open_text
from infra.importing.mapping_files import load_with, preset_names
from infra.importing.rows import UnreadableExport, read_records, wanted_by
from processors.mapping.legs import in_groups, outcomes_of
from processors.mapping.mapper import NO_RECORDING, Made, Mapper, Outcome, Refused
from processors.mapping.model import Input, Mapping
from processors.mapping.records import as_text, is_total

_MOST_ROWS: Final = 200
_MOST_TITLES: Final = 20
_ENCODINGS: Final = ("utf-8-sig", "cp1252")
_DUMMIES: Final[Names[str, Any]] = {
    "client_id": {"value": "x"},
    "agency_id": {"value": "x"},
    "service": {"value": "debt_collection"},
    "touchpoint": {"value": "reminder"},
}


@dataclass(frozen=True)
class Sample:
    """The first rows of a file."""

    form: Input
    columns: Names[str, Sequence[str]]
    """Their texts by column; of JSON by the path of each value."""
    has_names: bool
    """Whether a first line names the columns."""


def read_sample(path: Path) -> Sample:
    """What a file's first rows hold.

    Raises:
        UnreadableExport: it cannot be read, or holds no rows.
    """
    form = _json_form(path) or Input(skip_lines=_titles(path))
    if form.format == "json":
        rows: list[dict[str, Any]] = list(islice(json_records(path, form), _MOST_ROWS))
        rows = [_flat(row) for row in rows]
    else:
        rows = list(islice(csv_rows(path, form, Wanted(frozenset())), _MOST_ROWS))
    # A total leaves cells empty; `Totale` in the first column may also be a kind of payment.
    rows = [row for row in rows if not is_total(row) or all(map(as_text, row.values()))]
    if not rows:
        raise UnreadableExport(f"{path}: holds no rows below the names of the columns")
    names = dict.fromkeys(name for row in rows for name in row if name)
    columns = {name: [as_text(row.get(name)) for row in rows] for name in names}
    has_names = form.format == "json" or not any(map(_is_value, names))
    return Sample(form, columns, has_names)


def preset_for(path: Path) -> str | None:
    """The preset that understands most of a file's first rows, None where none does."""
    fits = {name: _fit(name, path) for name in preset_names()}
    best = max(fits, key=lambda name: fits[name])
    return best if fits[best][0] >= 0.5 else None


def _fit(preset: str, path: Path) -> tuple[float, int]:
    """The part of the first rows that a preset understands, and how many columns it names.

    Rows that a filter passes over do not count; of rows that are all passed over nothing is known.
    """
    mapping = _mapping(preset)
    mapper = Mapper(mapping, {name: _Everybody() for name in mapping.tables})
    try:
        records = list(islice(read_records(path, mapping), _MOST_ROWS))
        groups = in_groups(mapping, records)
        outcomes = [each for group in groups for _, each in outcomes_of(mapper, group)]
    except UnreadableExport:
        return 0.0, 0
    understood = sum(map(_is_understood, outcomes))
    refused = sum(isinstance(each, Refused) and not _is_understood(each) for each in outcomes)
    named = wanted_by(mapping)
    names = {name for record in records[:1] for name in record.rows[0]}
    known = names & (named.optional | {name for each in named.needed for name in each})
    return (understood / (understood + refused) if understood else 0.0), len(known)


@lru_cache
def _mapping(preset: str) -> Mapping:
    """A preset, completed by ids that any event accepts."""
    mine: dict[str, Any] = {"data": {"client_id": _DUMMIES["client_id"]}}
    if not preset.startswith("csv-"):
        table = {"file": "x", "key": "x", "value": "x"}
        mine = {"data": dict(_DUMMIES), "tables": {"customers": table}}
    return load_with(preset, mine, Path()).mapping


def _is_understood(outcome: Outcome) -> bool:
    """Whether an event is made, or only its recording is left for the user's mapping to name."""
    without_recording = isinstance(outcome, Refused) and outcome.reason == NO_RECORDING
    return isinstance(outcome, Made) or without_recording


class _Everybody(dict[str, str]):
    """A table that knows every number, as the customer of that number."""

    def get(self, key: str, default: Any = None) -> Any:
        return re.sub(r"\W", "", key) or default


def _json_form(path: Path) -> Input | None:
    """How a file of JSON is read: the name of its first list of objects; None: it is none."""
    with open_text(path, _ENCODINGS) as file:
        stream = JsonStream(file)
        try:
            if not (stream.comes("{") or stream.comes("[")):
                return None
            if stream.comes("{"):
                for name in stream.members():
                    if stream.comes("["):
                        first = next(stream.elements(), None)
                        if isinstance(first, dict):
                            return Input(format="json", records=_quoted(name))
                        break
                    stream.value()
        except NotJson:
            return None
    return Input(format="json")


def _titles(path: Path) -> int:
    """Lines above the names of the columns: these are the first with as many cells as most have."""
    with open_text(path, _ENCODINGS) as file:
        lines = list(islice(file, _MOST_TITLES))
    delimiter = max(
        map(delimiter_of, lines), key=lambda each: sum(each in line for line in lines), default=","
    )
    counts = [
        sum(bool(cell.strip()) for cell in next(csv.reader([line], delimiter=delimiter), []))
        for line in lines
    ]
    most = max(counts, default=0)
    return next((at for at, count in enumerate(counts) if count * 2 > most), 0)


def _flat(row: Names[str, Any], above: str = "") -> dict[str, Any]:
    """The values of an object by path, as JMESPath writes it; lists are left out."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{above}{_quoted(name)}.")
        elif not isinstance(value, list):
            found[above + _quoted(name)] = value
    return found


def _quoted(name: str) -> str:
    """A name as JMESPath writes it."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name)


def _is_value(name: str) -> bool:
    return re.search(r"\d{3}|@", name) is not None
