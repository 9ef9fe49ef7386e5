"""Rows of calls for tests, and what an import makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.importing.importer import Import, Imported
from infra.importing.mapping_files import MappingFile
from processors.mapping.mapper import Made
from processors.mapping.records import Record

EXPORTS = Path(__file__).parent / "exports"
TABLES = {"customers": {"+390551234567": "C-1", "+393479998888": "C-3"}}
FILE = Path("export")


def imported(mapping_file: MappingFile, rows: Sequence[dict[str, Any]]) -> tuple[Import, Any]:
    """An import of rows, and what became of them."""
    is_json = mapping_file.mapping.input.format != "csv"
    importing = Import(mapping_file, TABLES, [])
    records = [(FILE, Record(number, (row,), is_json)) for number, row in enumerate(rows, 1)]
    return importing, list(importing.run(records))


def events(done: Sequence[Imported]) -> list[dict[str, Any]]:
    return [json.loads(each.outcome.line) for each in done if isinstance(each.outcome, Made)]


def leg(second: int = 0, talked: int | None = None, **cells: str) -> dict[str, str]:
    """A row of FreePBX's table `cdr`; without `talked` nobody answered it."""
    start = datetime(2026, 3, 2, 11) + timedelta(seconds=second)  # noqa: DTZ001 - Rome's clock
    usual = {
        "calldate": start.strftime("%Y-%m-%d %H:%M:%S"),
        "src": "0551234567",
        "dst": "600",
        "dcontext": "ext-queues",
        "channel": "PJSIP/trunk-00000001",
        "dstchannel": "Local/201@from-queue-00000001;1",
        "lastapp": "Queue",
        "duration": str(20 if talked is None else talked + 5),
        "billsec": str(talked or 0),
        "disposition": "NO ANSWER" if talked is None else "ANSWERED",
        "uniqueid": "1772445600.10",
        "linkedid": "1772445600.10",
        "sequence": str(second),
        "recordingfile": "",
    }
    return usual | cells
