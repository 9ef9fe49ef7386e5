"""What was left out of an event that is otherwise taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class LeftOut(NamedTuple):
    """One part of an event that cannot be used.

    `part` is its place, as `survey.rating`, without the number of a turn; `why` says what it
    should be. Neither holds a value: it may be personal data.
    """

    part: str
    why: str


@dataclass
class Notes:
    """Kept while one event is validated (as the validation's context).

    Only with it are unusable parts left out; without it they are errors, as for an object made
    in Python.
    """

    journaled: bool = False
    """The event is from the journal of an earlier run, so its identifiers may be of older forms."""

    left_out: list[LeftOut] = field(default_factory=list)

    def leave_out(self, part: str, why: str) -> None:
        """Note a part that is not taken."""
        self.left_out.append(LeftOut(part, why))
