"""Ratings from 0 to 10: spoken by the customer, or predicted where none was given.

Spoken: a number in the customer's answer to an operator's 0-10 question, or one that the
customer plainly gives as a mark ('vi do un quattro'). Halves round down ('otto e mezzo' is 8),
'sette meno' stays 7, of two neighbouring marks the lower counts ('tra il sei e il sette' is 6),
a correction replaces ('sette, anzi otto' is 8), also one in the customer's next words. Numbers
that count something ('tre volte'), the scale itself ('da zero a dieci'), marks refused ('dieci
non lo do a nessuno') and the verb 'sei' are none. A bound counts where no other mark stands
beside it: 'non più di cinque' is 5, 'meno di cinque' 4, 'nemmeno uno' and 'meno di zero' 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from processors.mark_words import MarkWords, mark_words
from processors.marks import Mark, extreme_in, marks_in
from processors.rating_questions import asks_for_another_number, asks_for_rating, lowest_mark
from processors.tokens import Words, cut
from schemas.conversation import Speaker, Turn

__all__ = ["asks_for_rating", "predicted_rating", "spoken_rating"]

_LANGUAGES = ("it", "en")
_GIVEN_WITHIN = 5
_GIVEN_AFTER = 4
_ANSWERS_AWAITED = 4
_TAKEN_BACK_WITHIN = 1
_QUESTION_PARTS = 4
_SHORT_ANSWER = 3


def spoken_rating(turns: Sequence[Turn], language: str) -> int | None:
    """The rating the customer speaks in these turns, the last one given; None where none is."""
    if language not in _LANGUAGES:
        return None
    listener = _Listener(language)
    for turn in turns:
        if turn.speaker is Speaker.OPERATOR:
            listener.hear_operator(turn.text)
        elif turn.speaker is Speaker.CUSTOMER:
            listener.hear_customer(turn.text)
    return listener.rating


@dataclass(slots=True)
class _Listener:
    language: str
    rating: int | None = None
    awaited: int = 0
    """In how many of the customer's next turns an answer may come."""
    revisable: int = 0
    """In how many of them the mark given may be taken back."""
    lowest: int = 0
    asked: list[str] = field(default_factory=list)
    """The operator's latest turns, for a question may be spread over several."""

    def hear_operator(self, text: str) -> None:
        self.asked = [*self.asked[1 - _QUESTION_PARTS :], text]
        whole = " ".join(self.asked)
        if asks_for_rating(text, self.language) or (
            not self.awaited and self.rating is None and asks_for_rating(whole, self.language)
        ):
            self.awaited, self.revisable = _ANSWERS_AWAITED, 0
            self.lowest = lowest_mark(whole, self.language)
        elif asks_for_another_number(text, self.language):
            self.awaited, self.revisable, self.asked = 0, 0, []
        elif self.revisable and "?" in text and marks_in(cut(text, self.language), self.language):
            self.awaited = 1

    def hear_customer(self, text: str) -> None:
        said = cut(text, self.language)
        taken_back = bool(self.revisable) and _takes_back(said, self.language)
        if self.awaited or taken_back:
            found = _answer(said, self.language, self.lowest)
        else:
            found = _given_unasked(said, self.language)
        self.revisable = max(0, self.revisable - 1)
        self.awaited = max(0, self.awaited - 1)
        if len(said.words) > _SHORT_ANSWER:
            self.asked = []
        if found is not None:
            self.rating, self.awaited, self.revisable = found, 0, _TAKEN_BACK_WITHIN
            self.asked = []


def _answer(said: Words, language: str, lowest: int) -> int | None:
    """The mark in an answer to a 0-10 question."""
    marks = marks_in(said, language)
    if marks:
        return _chosen(marks, said, language)
    return extreme_in(said, language, lowest)


def _takes_back(said: Words, language: str) -> bool:
    return not mark_words(language).takes_back.isdisjoint(said.words)


def _given_unasked(said: Words, language: str) -> int | None:
    """The mark a customer gives unasked, in words that say it is one."""
    marks = [mark for mark in marks_in(said, language) if _is_given(mark.place, said, language)]
    return _chosen(marks, said, language) if marks else None


def _is_given(place: int, said: Words, language: str) -> bool:
    known, words = mark_words(language), said.words
    before = words[max(0, place - _GIVEN_WITHIN) : place]
    after = words[place + 1 : place + 1 + _GIVEN_AFTER]
    if known.gives_a_mark.intersection(before):
        return not known.not_a_gift.intersection(before)
    led = bool(before) and before[-1] in known.lead_to_a_mark
    return led and not known.given_after.isdisjoint(after)


def _chosen(marks: list[Mark], said: Words, language: str) -> int:
    """Of several marks: one that corrects the others, the lower of neighbours, else the first.

    One of two neighbours said again is the choice between them ('cinque o sei... sei').
    """
    known = mark_words(language)
    value, last = marks[0].value, marks[0]
    joined = True
    offered: set[int] = set()
    ranged = not known.range_begins.isdisjoint(said.words[max(0, last.place - 2) : last.place])
    for number, mark in enumerate(marks[1:], start=1):
        between = said.words[last.place + 1 : mark.place]
        follows = number > 1 and joined and all(word in known.fillers for word in between)
        settles = follows and (ranged or mark.value in offered)
        if settles or _replaces(between, known):
            value, joined = mark.value, True
        elif joined and _are_neighbours(last, mark, between, known):
            value = min(value, mark.value)
            offered |= {last.value, mark.value}
        else:
            joined = False
        last = mark
    return value


def _replaces(between: Sequence[str], known: MarkWords) -> bool:
    """Whether the mark after these words stands for the one before them."""
    if not known.corrects.isdisjoint(between):
        return True
    if len(between) > 1 and between[0] in ("meno", "minus"):
        return True
    instead = not {"invece", "instead"}.isdisjoint(between)
    return instead and not known.gives_a_mark.isdisjoint(between)


def _are_neighbours(one: Mark, other: Mark, between: Sequence[str], known: MarkWords) -> bool:
    if not all(word in known.joins_neighbours for word in between):
        return False
    return bool(between) or abs(one.value - other.value) <= 1


BASE = 6.5
BY_SENTIMENT = 3.0
BY_AGGRESSION = -4.0
BY_EMPATHY = 2.0
BY_CHURN_INTENT = -2.0


def predicted_rating(
    sentiment: float | None, aggression: float | None, empathy: float | None, *, leaves: bool
) -> int | None:
    """The rating one would expect, from 0 to 10; None where a score it needs is missing.

    6.5 + 3 sentiment - 4 aggression + 2 empathy - 2 if the customer means to leave, rounded
    and held within the scale: weights set by hand, not fitted to ratings.
    """
    if sentiment is None or aggression is None or empathy is None:
        return None
    expected = (
        BASE
        + BY_SENTIMENT * sentiment
        + BY_AGGRESSION * aggression
        + BY_EMPATHY * empathy
        + (BY_CHURN_INTENT if leaves else 0.0)
    )
    return max(0, min(10, round(expected)))
