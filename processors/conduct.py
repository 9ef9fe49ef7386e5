"""Conduct flags: breaches of the rules of collection conduct that one conversation shows.

From the words: threats, threats of what is not real or not yet possible, disclosure of a debt
to third parties, insistence. From the time: contact outside the permitted hours, whose limits
are data, versioned by code and edition. Frequency needs other calls and is not decided here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from processors.cues import Cue, read_turn
from schemas.conversation import ConductFlag, Rule, Speaker, Turn

DEFAULT_CODE = "unirec-2017"
_PLAIN_THREAT = 0.6
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class ConductCode:
    """The limits of one edition of a code of conduct."""

    timezone: ZoneInfo
    hours: tuple[tuple[time, time] | None, ...]
    """Permitted hours [from, to) of each weekday from Monday; None where none is."""
    fixed_holidays: frozenset[tuple[int, int]]
    holidays_since: dict[tuple[int, int], int]
    """(month, day) of holidays that began in a year, with that year."""
    easter_offsets: tuple[int, ...]
    per_day: int
    per_week: int

    def is_holiday(self, day: date) -> bool:
        """Whether `day` is a public holiday."""
        month_day = (day.month, day.day)
        since = self.holidays_since.get(month_day)
        if month_day in self.fixed_holidays or (since is not None and day.year >= since):
            return True
        sunday = easter_sunday(day.year)
        return any(day == sunday + timedelta(days=offset) for offset in self.easter_offsets)

    def permits(self, moment: datetime) -> bool:
        """Whether a contact may begin at `moment` (aware)."""
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
        tuple(_hours(data["hours"][day]) for day in _DAYS),
        frozenset(_month_day(text) for text in data["fixed_holidays"]),
        {_month_day(text): year for text, year in data["holidays_since"].items()},
        tuple(data["easter_sunday_offsets"]),
        data["contacts"]["per_day"],
        data["contacts"]["per_week"],
    )


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    century, in_century = divmod(year, 100)
    golden = year % 19
    leaps, rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - correction + 15) % 30
    weekday = (32 + 2 * rest + 2 * (in_century // 4) - epact - in_century % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def hours_flag(started_at: datetime | None, code: ConductCode) -> ConductFlag | None:
    """The flag of a contact begun outside the permitted hours; its quote is the local time."""
    if started_at is None or code.permits(started_at):
        return None
    local = started_at.astimezone(code.timezone)
    return ConductFlag(rule=Rule.HOURS, turn=None, quote=local.strftime("%Y-%m-%d %H:%M"))


def conduct_of(turns: Sequence[Turn], language: str) -> list[ConductFlag]:
    """The breaches found in the words of a call, each rule once a turn, in order."""
    flags: list[ConductFlag] = []
    third_party = False
    for place, turn in enumerate(turns):
        if turn.speaker is Speaker.UNKNOWN:
            continue
        cues = read_turn(turn.text, language, turn.speaker)
        if turn.speaker is Speaker.CUSTOMER:
            third_party = third_party or any(c.family == "third_party.present" for c in cues)
        found = _rules(cues, third_party=third_party)
        flags.extend(
            ConductFlag(rule=rule, turn=place, quote=cue.quote) for rule, cue in found.items()
        )
    return flags


def _rules(cues: Sequence[Cue], *, third_party: bool) -> dict[Rule, Cue]:
    """The rules a turn breaches; words that breach a narrower rule are not a plain threat too."""
    found: dict[Rule, Cue] = {}
    plain_threats = [
        c for c in cues if c.family == "aggression.threat" and c.weight >= _PLAIN_THREAT
    ]
    for cue in cues:
        if cue.family == "conduct.false_threat" and cue.weight >= _PLAIN_THREAT:
            found.setdefault(Rule.FALSE_THREAT, cue)
        elif cue.family == "conduct.third_party_disclosure" or (
            cue.family == "conduct.debt" and third_party
        ):
            found.setdefault(Rule.THIRD_PARTY_DISCLOSURE, cue)
        elif cue.family == "conduct.insistence":
            found.setdefault(Rule.INSISTENCE, cue)
    named = {place for cue in found.values() for place in range(cue.first, cue.after)}
    others = [c for c in plain_threats if named.isdisjoint(range(c.first, c.after))]
    if others and Rule.FALSE_THREAT not in found:
        found[Rule.THREAT] = max(others, key=lambda c: c.weight)
    return found


def _hours(pair: list[str] | None) -> tuple[time, time] | None:
    return None if pair is None else (time.fromisoformat(pair[0]), time.fromisoformat(pair[1]))


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
