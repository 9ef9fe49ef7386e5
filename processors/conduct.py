"""Conduct flags: breaches of the rules of collection conduct that one conversation shows.

From the words: threats, threats of what is not real or not yet possible, disclosure of a debt
to third parties, insistence. From the time: contact outside the permitted hours, whose limits
are data, versioned by code and edition. Frequency needs other calls and is not decided here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from processors.conduct_words import (
    LANGUAGES,
    Said,
    asked_about_consequences,
    conduct_phrases,
)
from processors.cues import read_turn
from schemas.conversation import ConductFlag, Rule, Speaker, Turn

__all__ = [
    "ConductCode",
    "asked_about_consequences",
    "conduct_code",
    "conduct_of",
    "easter_sunday",
    "hours_flag",
]

DEFAULT_CODE = "unirec-2017"
_PLAIN_THREAT = 0.6
_OPENING = 4
"""Turns in which 'my husband is out' says that the one called for is not on the line."""
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


def conduct_of(
    turns: Sequence[Turn], language: str, threats: Mapping[int, str] | None = None
) -> list[ConductFlag]:
    """The breaches found in the words of a call, each rule once a turn, in order.

    `threats` says which turns are threats: index of the turn -> the words; without it the lexicon
    decides. A threat of what is not real or not yet possible is a false threat instead. Empty for
    languages other than "it" and "en".
    """
    if language not in LANGUAGES:
        return []
    if threats is None:
        threats = _threats_by_lexicon(turns, language)
    watcher = _Watcher(turns, language)
    flags: list[ConductFlag] = []
    for place, turn in enumerate(turns):
        if turn.speaker is Speaker.UNKNOWN:
            continue
        found = watcher.breaches(place)
        if place in threats and Rule.FALSE_THREAT not in found:
            apart = all(_are_apart(threats[place], quote) for quote in found.values())
            if apart:
                found[Rule.THREAT] = threats[place]
        flags.extend(ConductFlag(rule=r, turn=place, quote=q) for r, q in found.items())
    return flags


def _are_apart(one: str, other: str) -> bool:
    return one not in other and other not in one


def _threats_by_lexicon(turns: Sequence[Turn], language: str) -> dict[int, str]:
    threats: dict[int, str] = {}
    for place, turn in enumerate(turns):
        if turn.speaker is not Speaker.OPERATOR:
            continue
        cues = [
            cue
            for cue in read_turn(turn.text, language, turn.speaker)
            if cue.family == "aggression.threat" and cue.weight >= _PLAIN_THREAT
        ]
        if cues:
            threats[place] = max(cues, key=lambda cue: cue.weight).quote
    return threats


class _Watcher:
    """Goes through a call and keeps what later turns are judged by."""

    def __init__(self, turns: Sequence[Turn], language: str) -> None:
        self._turns = turns
        self._language = language
        self._third_party = False
        """Whether somebody else than the debtor is on the line."""
        self._excused = False
        """Whether the customer disputes the debt, or has said that it cannot be paid."""

    def breaches(self, place: int) -> dict[Rule, str]:
        """The rules the turn at `place` breaches, with the words that show it."""
        turn = self._turns[place]
        phrases = conduct_phrases(turn.text, self._language)
        if turn.speaker is Speaker.CUSTOMER:
            self._hear_customer({phrase.family for phrase in phrases}, place)
            return self._complaint(turn)
        found: dict[Rule, str] = {}
        for rule, quote in (
            (Rule.FALSE_THREAT, self._false_threat(place, phrases)),
            (Rule.THIRD_PARTY_DISCLOSURE, self._disclosure(phrases)),
            (Rule.INSISTENCE, self._insistence(phrases)),
        ):
            if quote is not None:
                found[rule] = quote
        return found

    def _hear_customer(self, families: set[str], place: int) -> None:
        excuses = not families.isdisjoint(("customer.dispute", "customer.unable"))
        if "customer.holder" in families:
            self._third_party = False
        elif "customer.third" in families or (
            "customer.absent" in families and place < _OPENING and not excuses
        ):
            self._third_party = True
        if self._third_party:
            self._excused = False
        elif excuses:
            self._excused = True
        elif "customer.agrees" in families:
            self._excused = False

    def _complaint(self, turn: Turn) -> dict[Rule, str]:
        """Insistence that the customer tells of ('mi chiamate dieci volte al giorno')."""
        for cue in read_turn(turn.text, self._language, turn.speaker):
            if cue.family == "conduct.insistence":
                return {Rule.INSISTENCE: cue.quote}
        return {}

    def _false_threat(self, place: int, phrases: Sequence[Said]) -> str | None:
        """Words that threaten what is not real ('carabinieri'), or is not yet possible."""
        if any(phrase.family == "false.other_matter" for phrase in phrases):
            return None
        asked = asked_about_consequences(self._turns, place, self._language)
        lawful = {phrase.sentence for phrase in phrases if phrase.family == "false.lawful"}
        soon = {phrase.sentence for phrase in phrases if phrase.family == "false.at_once"}
        for phrase in phrases:
            explains = phrase.sentence in lawful
            if phrase.family == "false.impossible" and not (asked and explains):
                return phrase.quote
            at_once = phrase.family == "false.seizure" and phrase.sentence in soon
            home = phrase.family == "false.home" and not (asked and not soon)
            if (at_once or home) and not explains:
                return phrase.quote
        return None

    def _disclosure(self, phrases: Sequence[Said]) -> str | None:
        families = {phrase.family for phrase in phrases}
        if "debt.kept_private" in families:
            return None
        debts = [phrase for phrase in phrases if phrase.family == "debt"]
        if self._third_party and debts:
            return debts[0].quote
        told = [phrase for phrase in phrases if phrase.family == "told.others"]
        if told and "told.asking" not in families:
            return told[0].quote
        return None

    def _insistence(self, phrases: Sequence[Said]) -> str | None:
        demands = [phrase for phrase in phrases if phrase.family == "demand"]
        offers = any(phrase.family == "offer" for phrase in phrases)
        if self._excused and demands and not offers:
            return demands[0].quote
        often = [phrase for phrase in phrases if phrase.family == "calls_often"]
        return often[0].quote if often else None


def _hours(pair: list[str] | None) -> tuple[time, time] | None:
    return None if pair is None else (time.fromisoformat(pair[0]), time.fromisoformat(pair[1]))


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
