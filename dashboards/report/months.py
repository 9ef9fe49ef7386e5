"""Calendar months in the page's time zone, and what a report says of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from infra.clickhouse.queries.months import AlertFollowed, DriverShare, Period, PeriodFigures
from infra.clickhouse.queries.stories import Story

_WRITTEN = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


ROME = ZoneInfo("Europe/Rome")


@dataclass(frozen=True)
class Month:
    """A calendar month of a time zone, as whole UTC hours.

    Where the zone's offset is not whole hours, it begins with the UTC hour that its first belongs
    to.
    """

    year: int
    month: int
    zone: ZoneInfo = ROME

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo = ROME) -> Month:
        """A month as `2026-10`. Raises ValueError for anything else, and outside 2000 to 2098."""
        written = _WRITTEN.fullmatch(text)
        if written is None or not 2000 <= int(written[1]) <= 2098:
            raise ValueError(f"{text!r} is not a month; write it like 2026-10")
        return cls(int(written[1]), int(written[2]), zone)

    @property
    def begin(self) -> datetime:
        """Its first hour (UTC)."""
        first = datetime(self.year, self.month, 1, tzinfo=self.zone).astimezone(UTC)
        return first.replace(minute=0)

    @property
    def end(self) -> datetime:
        """The first hour after it (UTC)."""
        return self.next.begin

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1, self.zone)

    @property
    def previous(self) -> Month:
        """The month before it."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1, self.zone)

    def period(self, client_id: str, latest: datetime, agency_id: str | None = None) -> Period:
        """The month's hours, of a client company or one of its agencies.

        No later than the hour of `latest`, its latest event: what matures after that is not known
        yet. It is empty where the month begins later.
        """
        hour = latest.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        end = max(self.begin, min(self.end, hour + timedelta(hours=1)))
        return Period(client_id, self.begin, end, agency_id)


@dataclass(frozen=True)
class MonthData:
    """All that a report of a month is made from."""

    client_id: str
    month: Month
    agencies: Sequence[PeriodFigures]
    together: PeriodFigures
    before: Sequence[PeriodFigures]
    """Each agency's figures of the month before."""
    drivers: Sequence[DriverShare]
    alerts: Sequence[AlertFollowed]
    stories: Sequence[Story]
    until: datetime
    """The end of the last hour that counts (UTC): the month's, or that of the latest event."""
    latest: datetime
    """The client company's latest event (UTC)."""
    now: datetime
    """The clock (UTC)."""
    horizon_days: int
    """Days from a customer's first conversation within which payments and cancellations count."""
    agency_id: str | None = None
    """The agency that the report is limited to; None for all."""

    @property
    def provisional(self) -> bool:
        """Whether the month is not over."""
        return self.now < self.month.end
