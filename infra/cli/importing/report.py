"""What an import says: counts, and the records that did not become events, with the reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from infra.escaping import console, escaped
from infra.importing.importer import Counts, Imported
from processors.mapping.mapper import Refused, UnknownCustomer

_MOST_ROWS = 3
"""Rows named for each reason."""
_MOST_REASONS = 15


@dataclass
class Report:
    """Collects reasons, each with the first rows that have it; no value of a row is shown."""

    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _rows: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, imported: Imported) -> None:
        """Take note of what became of a record."""
        match imported.outcome:
            case Refused(reason):
                self._note(imported, "refused", reason)
            case UnknownCustomer(reason):
                self._note(imported, "no customer", reason)
        if imported.recording_is_missing:
            self._note(imported, "no recording", "its file is not in ASCOLTO_RECORDINGS (yet)")

    def _note(self, imported: Imported, what: str, reason: str) -> None:
        self._counts[what, reason] += 1
        rows = self._rows.setdefault((what, reason), [])
        if len(rows) < _MOST_ROWS:
            rows.append(f"{imported.file.name}:{imported.record.number}")

    def show(self, counts: Counts) -> None:
        """Print a table of the counts, and one of the reasons."""
        from rich.table import Table

        screen = console()
        summary = Table(show_header=False, box=None)
        for name, number in (
            ("rows", counts.rows),
            ("events", counts.events),
            ("passed over by filters", counts.passed_over),
            ("other legs of these calls", counts.legs),
            ("refused", counts.refused),
            ("without a known customer", counts.unmatched_customers),
            ("recordings not found", counts.missing_recordings),
        ):
            summary.add_row(name, str(number))
        screen.print(summary)
        if not self._counts:
            return
        reasons = Table(box=None)
        for column in ("what", "rows", "why", "for instance"):
            reasons.add_column(column, justify="right" if column == "rows" else "left")
        for (what, reason), number in self._counts.most_common(_MOST_REASONS):
            examples = ", ".join(self._rows[what, reason])
            reasons.add_row(what, str(number), escaped(reason), escaped(examples))
        screen.print()
        screen.print(reasons)
        more = len(self._counts) - _MOST_REASONS
        if more > 0:
            screen.print(f"and {more} more reasons")
