"""The form in which engagement changes travel: one message an agency and batch.

A batch is one message, so that the changes of an agency cannot overtake one another; its
receiver applies each once, by its source position.
"""

from __future__ import annotations

from processors.engagements.changes import EngagementChange
from processors.engagements.facts import Position
from schemas.conversation import Contract


class PositionedChange(Contract):
    """One event's change, and where that event was delivered."""

    position: Position
    at: int
    """The event's time, us since the epoch: moves the event-time clock."""
    change: EngagementChange


class ChangeBatch(Contract):
    """Topic `engagement-changed`: changes of one agency, in the order they happened."""

    client_id: str
    agency_id: str
    changes: tuple[PositionedChange, ...]


def agency_key(client_id: str, agency_id: str) -> str:
    """Key of an agency's messages and states; `|` cannot be part of an identifier."""
    return f"{client_id}|{agency_id}"
