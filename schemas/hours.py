"""Topic `agency-hours`: an agency's hourly sums as they stand, one message a day and agency."""

from __future__ import annotations

from schemas.conversation import Contract


class HourCell(Contract):
    """The sums of one segment and hour that are known from an hour on."""

    segment: str
    hour_us: int
    """Beginning of the hour, us since the epoch."""
    known_us: int | None = None
    """Beginning of the hour from which this is known; null: the hour itself."""
    sums: dict[str, int]
    """All `schemas.rows.HOUR_SUMS`, of any size."""


class AgencyHours(Contract):
    """Some hours of one agency's day."""

    client_id: str
    agency_id: str
    cells: tuple[HourCell, ...]
