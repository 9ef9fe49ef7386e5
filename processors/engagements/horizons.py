"""The horizon H: how long an engagement lasts, by client company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors.engagements.history import HORIZON_HOURS
from processors.event_time import HOUR_US, hour_of
from schemas.changes import Engagement


@dataclass(frozen=True)
class Horizons:
    """Every client company's H, in hours; another H needs a rebuild from all events.

    >>> Horizons(720, {"acqua": 336}).hours("acqua")
    336
    >>> Horizons(720, {"acqua": 336}).hours("luce")
    720
    """

    default_hours: int = HORIZON_HOURS
    by_client: Mapping[str, int] = field(default_factory=dict)

    def hours(self, client_id: str) -> int:
        """The client company's H."""
        return self.by_client.get(client_id, self.default_hours)


def matures_at(engagement: Engagement, horizon_hours: int) -> int:
    """The hour (its beginning, us) in which an engagement enters the rates: hour(t0) + H."""
    return hour_of(engagement.opened_at) + horizon_hours * HOUR_US
