"""Conduct flags: breaches of the rules of collection conduct that one conversation shows.

From the words: threats, threats of what is not real or not yet possible, disclosure of a debt
to third parties, insistence. From the time: contact outside the permitted hours
(`contact_hours`). Frequency needs other calls and is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from processors.conduct.announced_calls import announced_calls
from processors.conduct.course import FEW_WORDS
from processors.conduct.third_parties import WhoAnswers
from processors.contact_hours import ConductCode
from processors.scoring.demands import (
    ConductPhrase,
    asked_about_consequences,
    conduct_phrases,
)
from processors.scoring.scorer import Breach
from processors.text.clauses import sentence_with
from processors.text.tokens import LANGUAGES, count_words
from schemas.conversation import ConductFlag, Rule, Speaker, Turn

__all__ = ["asked_about_consequences", "conduct_of", "hours_flag"]

_OPENING = 4
"""Turns of some length in which 'my husband is out' means that the debtor is not on the line."""


def hours_flag(started_at: datetime | None, code: ConductCode) -> ConductFlag | None:
    """The flag of a contact started outside the permitted hours; its quote is the local time."""
    if started_at is None or code.permits(started_at):
        return None
    local = started_at.astimezone(code.timezone)
    return ConductFlag(rule=Rule.HOURS, turn=None, quote=local.strftime("%Y-%m-%d %H:%M"))


def conduct_of(
    turns: Sequence[Turn],
    language: str,
    threats: Mapping[int, str],
    learned: Mapping[int, Sequence[Breach]],
) -> list[ConductFlag]:
    """The breaches found in the words of a call, each rule once a turn, in order.

    `threats` says which turns are threats: index of the turn -> the words; `learned` which other
    rules a turn breaches by what the scorer has learned. A threat of what is not real or not yet
    possible is a false threat instead. Empty for a language that is not read.
    """
    if language not in LANGUAGES:
        return []
    watcher = _Watcher(turns, language, threats, learned)
    flags: list[ConductFlag] = []
    for place, turn in enumerate(turns):
        if turn.speaker is Speaker.UNKNOWN:
            continue
        found = watcher.breaches(place)
        if place in threats and Rule.FALSE_THREAT not in found:
            apart = all(_are_apart(threats[place], quote) for quote in found.values())
            if apart:
                found[Rule.THREAT] = threats[place]
        flags.extend(
            ConductFlag(rule=rule, turn=place, quote=sentence_with(turns[place].text, quote))
            for rule, quote in found.items()
        )
    return flags


def _are_apart(one: str, other: str) -> bool:
    return one not in other and other not in one


class _Watcher:
    """Goes through a call and remembers what decides on later turns."""

    def __init__(
        self,
        turns: Sequence[Turn],
        language: str,
        threats: Mapping[int, str],
        learned: Mapping[int, Sequence[Breach]],
    ) -> None:
        self._turns = turns
        self._threats = threats
        self._learned = learned
        self._language = language
        self._who = WhoAnswers(language)
        self._excused = False
        """Whether the customer disputes the debt, or has said that it cannot be paid."""
        self._repeated = False
        """Whether the customer has just said so once more."""
        self._said = 0
        """Turns of some length so far: words of listening do not end the opening of a call."""

    def breaches(self, place: int) -> dict[Rule, str]:
        """The rules the turn at `place` breaches, with the words that show it."""
        turn = self._turns[place]
        phrases = conduct_phrases(turn.text, self._language)
        said, self._said = self._said, self._said + (count_words(turn.text) > FEW_WORDS)
        if turn.speaker is Speaker.CUSTOMER:
            self._read_customer(
                {phrase.family for phrase in phrases}, place, opening=said < _OPENING
            )
            return {}
        self._who.read_operator(turn.text, said)
        found: dict[Rule, str] = {}
        for rule, quote in (
            (Rule.FALSE_THREAT, self._false_threat(place, phrases)),
            (Rule.THIRD_PARTY_DISCLOSURE, self._disclosure(place, phrases)),
            (Rule.INSISTENCE, self._insistence(place, phrases)),
        ):
            if quote is not None:
                found[rule] = quote
        return found

    def _read_customer(self, families: set[str], place: int, *, opening: bool) -> None:
        excuses = not families.isdisjoint(("customer.dispute", "customer.unable"))
        # A word of listening in between takes back nothing.
        if families or count_words(self._turns[place].text) > FEW_WORDS:
            self._repeated = self._excused and "customer.repeats" in families
        self._who.read_customer(
            self._turns[place].text,
            third="customer.third" in families,
            absent="customer.absent" in families and opening and not excuses,
            holder="customer.holder" in families,
        )
        if self._who.third_party:
            self._excused = False
        elif excuses:
            self._excused = True
        elif "customer.agrees" in families:
            self._excused = False

    def _false_threat(self, place: int, phrases: Sequence[ConductPhrase]) -> str | None:
        """Words that threaten what is not real ('carabinieri'), or is not yet possible."""
        if any(phrase.family == "false.other_matter" for phrase in phrases):
            return None
        asked = asked_about_consequences(self._turns, place, self._language)
        threatens = place in self._threats
        rule = Rule.FALSE_THREAT
        learned = None if asked else self._learned_breach(place, rule, supported=threatens)
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
        return learned

    def _learned_breach(self, place: int, rule: Rule, *, supported: bool = False) -> str | None:
        """The words of a breach as the scorer has learned it; less is enough where supported."""
        for breach in self._learned.get(place, ()):
            if breach.rule is rule and (breach.sure or supported):
                return breach.quote
        return None

    def _disclosure(self, place: int, phrases: Sequence[ConductPhrase]) -> str | None:
        families = {phrase.family for phrase in phrases}
        if "debt.kept_private" in families:
            return None
        debts = [phrase for phrase in phrases if phrase.family == "debt"]
        if self._who.third_party and debts:
            return debts[0].quote
        disclosed = [phrase for phrase in phrases if phrase.family == "told.others"]
        if disclosed and "told.asking" not in families:
            return disclosed[0].quote
        rule = Rule.THIRD_PARTY_DISCLOSURE
        return self._learned_breach(place, rule, supported=self._who.third_party)

    def _insistence(self, place: int, phrases: Sequence[ConductPhrase]) -> str | None:
        """Calls without end, or a demand that brushes aside why the customer does not pay.

        A mere demand is none, nor is a deadline: only one with a dismissal ('non mi interessa', 'lo
        stesso'), or after the customer has had to say twice why not.
        """
        calls = announced_calls(self._turns[place].text, self._language)
        if calls is not None:
            return calls
        learned = self._learned_breach(place, Rule.INSISTENCE, supported=self._excused)
        if learned is not None:
            return learned
        families = {phrase.family for phrase in phrases}
        if not self._excused or "offer" in families:
            return None
        dismissals = [phrase for phrase in phrases if phrase.family == "dismissal"]
        demands = [phrase for phrase in phrases if phrase.family == "demand"]
        if dismissals and demands:
            return dismissals[0].quote
        return demands[0].quote if demands and self._repeated else None
