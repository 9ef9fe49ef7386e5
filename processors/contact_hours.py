"""When a customer may be contacted: the limits of a code of conduct, and its public holidays.

Limits are data, versioned by code and edition (`lexicons/conduct/*.json`). Public holidays are
those of the `holidays` package for the code's country.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

DEFAULT_CODE = "unirec-2017"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class ConductCode:
    """The limits of one edition of a code of conduct."""

    timezone: ZoneInfo
    country: str
    """ISO 3166 code of the country whose public holidays count."""
    hours: tuple[tuple[time, time] | None, ...]
    """Permitted hours [from, to) of each weekday from Monday; None where none is."""
    per_day: int
    per_week: int

    def is_holiday(self, day: date) -> bool:
        """Whether `day` is a public holiday."""
        return is_holiday(day, self.country)

    def permits(self, moment: datetime) -> bool:
        """Whether a contact may start at `moment` (aware)."""
        local = moment.astimezone(self.timezone)
        hours = self.hours[local.weekday()]
        if hours is None or self.is_holiday(local.date()):
            return False
        return hours[0] <= local.time() < hours[1]


@lru_cache(maxsize=8)
def conduct_code(name: str = DEFAULT_CODE) -> ConductCode:
    """The code of conduct of that name and edition, as `unirec-2017`."""
    folder = resources.files("processors") / "lexicons" / "conduct"
    data = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return ConductCode(
        ZoneInfo(data["timezone"]),
        data["holidays_of"],
        tuple(_hours(data["hours"][day]) for day in _DAYS),
        data["contacts"]["per_day"],
        data["contacts"]["per_week"],
    )


def is_holiday(day: date, country: str = "IT") -> bool:
    """Whether `day` is a public holiday in a country, given by its ISO 3166 code.

    >>> is_holiday(date(2026, 4, 6)), is_holiday(date(2025, 10, 4)), is_holiday(date(2027, 10, 4))
    (True, False, True)
    """
    return day in _holidays_of(country, day.year)


@cache
def _holidays_of(country: str, year: int) -> frozenset[date]:
    from holidays import country_holidays

    return frozenset(country_holidays(country, years=year))


def _hours(pair: list[str] | None) -> tuple[time, time] | None:
    return None if pair is None else (time.fromisoformat(pair[0]), time.fromisoformat(pair[1]))
