"""Records of which no event could be made, as dead letters that can be imported again."""

from __future__ import annotations

import json
from pathlib import Path

from infra.importing.importer import Imported
from processors.mapping.mapper import Refused, UnknownCustomer
from processors.mapping.records import Record, as_json_bytes
from schemas.dead_letters import dead_letter
from schemas.derived import DeadLetter

TOPIC = "import"
"""Stands in a letter where others have the topic they came from."""
UNKNOWN_CUSTOMER = "unknown_customer"
REFUSED = "import"


def letter_of(imported: Imported, preset: str) -> DeadLetter | None:
    """The dead letter of a record, None where none is needed; its original holds the rows."""
    match imported.outcome:
        case Refused(reason):
            error_class = REFUSED
        case UnknownCustomer(reason):
            error_class = UNKNOWN_CUSTOMER
        case _:
            return None
    record = imported.record
    original = {"preset": preset, "json": record.is_json, "rows": list(record.rows)}
    return dead_letter(
        topic=TOPIC,
        origin=f"{imported.file.name}:{record.number}",
        original=as_json_bytes(original),
        reason=reason,
        error_class=error_class,
    )


def record_in(origin: str, original: bytes, preset: str) -> tuple[Path, Record] | None:
    """The record that a letter of a preset holds, and its file; None of any other letter."""
    try:
        held = json.loads(original)
    except ValueError:
        return None  # A whole file that could not be read.
    if not isinstance(held, dict) or held.get("preset") != preset:
        return None
    name, _, number = origin.rpartition(":")
    return Path(name), Record(int(number), held["rows"], held["json"])
