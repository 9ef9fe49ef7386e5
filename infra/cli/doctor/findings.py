"""What `ascolto doctor` finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Finding:
    """The outcome of one check; `todo` is how to fix it where it is not well."""

    what: str
    well: bool
    seen: str
    todo: str = ""

    def as_object(self) -> dict[str, object]:
        """The finding as JSON."""
        return {
            "what": self.what,
            "ok": self.well,
            "seen": self.seen,
            "todo": None if self.well else self.todo,
        }


def checked(what: str, check: Callable[[], str], todo: str) -> Finding:
    """What `check` returns; where it raises, the error and `todo`."""
    try:
        return Finding(what, True, check())
    except Exception as error:
        said = str(error).strip().splitlines()
        shown = f"{type(error).__name__}: {said[0] if said else ''}"
        return Finding(what, False, shown[:_MOST_CHARACTERS], todo)
