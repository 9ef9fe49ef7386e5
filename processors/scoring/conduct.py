"""Conduct flags: breaches of the rules of collection conduct that one conversation shows.

From the words: threats, threats of what is not real or not yet possible, disclosure of a debt
to third parties, insistence. From the time: contact outside the permitted hours
(`contact_hours`). Frequency needs other calls and is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from processors.contact_hours import ConductCode
from processors.scoring.cues import read_turn
from processors.scoring.demands import (
    ConductPhrase,
    asked_about_consequences,
    conduct_phrases,
)
from processors.text.tokens import LANGUAGES
from schemas.conversation import ConductFlag, Rule, Speaker, Turn

__all__ = ["asked_about_consequences", "conduct_of", "hours_flag"]

_OPENING = 4
"""Turns in which 'my husband is out' means that the debtor is not on the line."""


def hours_flag(started_at: datetime | None, code: ConductCode) -> ConductFlag | None:
    """The flag of a contact started outside the permitted hours; its quote is the local time."""
    if started_at is None or code.permits(started_at):
        return None
    local = started_at.astimezone(code.timezone)
    return ConductFlag(rule=Rule.HOURS, turn=None, quote=local.strftime("%Y-%m-%d %H:%M"))


def conduct_of(
    turns: Sequence[Turn], language: str, threats: Mapping[int, str]
) -> list[ConductFlag]:
    """The breaches found in the words of a call, each rule once a turn, in order.

    `threats` says which turns are threats: index of the turn -> the words. A threat of what is not
    real or not yet possible is a false threat instead. Empty for a language that is not read.
    """
    if language not in LANGUAGES:
        return []
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


class _Watcher:
    """Goes through a call and remembers what decides on later turns."""

    def __init__(self, turns: Sequence[Turn], language: str) -> None:
        self._turns = turns
        self._language = language
        self._third_party = False
        """Whether somebody other than the debtor is on the line."""
        self._excused = False
        """Whether the customer disputes the debt, or has said that it cannot be paid."""

    def breaches(self, place: int) -> dict[Rule, str]:
        """The rules the turn at `place` breaches, with the words that show it."""
        turn = self._turns[place]
        phrases = conduct_phrases(turn.text, self._language)
        if turn.speaker is Speaker.CUSTOMER:
            self._read_customer({phrase.family for phrase in phrases}, place)
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

    def _read_customer(self, families: set[str], place: int) -> None:
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
        """Insistence that the customer complains of ('mi chiamate dieci volte al giorno')."""
        for cue in read_turn(turn.text, self._language, turn.speaker):
            if cue.family == "conduct.insistence":
                return {Rule.INSISTENCE: cue.quote}
        return {}

    def _false_threat(self, place: int, phrases: Sequence[ConductPhrase]) -> str | None:
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

    def _disclosure(self, phrases: Sequence[ConductPhrase]) -> str | None:
        families = {phrase.family for phrase in phrases}
        if "debt.kept_private" in families:
            return None
        debts = [phrase for phrase in phrases if phrase.family == "debt"]
        if self._third_party and debts:
            return debts[0].quote
        disclosed = [phrase for phrase in phrases if phrase.family == "told.others"]
        if disclosed and "told.asking" not in families:
            return disclosed[0].quote
        return None

    def _insistence(self, phrases: Sequence[ConductPhrase]) -> str | None:
        demands = [phrase for phrase in phrases if phrase.family == "demand"]
        offers = any(phrase.family == "offer" for phrase in phrases)
        if self._excused and demands and not offers:
            return demands[0].quote
        often = [phrase for phrase in phrases if phrase.family == "calls_often"]
        return often[0].quote if often else None
