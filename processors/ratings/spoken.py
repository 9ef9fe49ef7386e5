"""Ratings from 0 to 10: spoken by the customer, or predicted where none was given.

Spoken: a number in the customer's answer to an operator's 0-10 question, one that the customer
plainly gives as a rating ('vi do un quattro'), or a 'sì' to one that the operator puts ('quindi
otto?'). Which numbers are ratings: `candidates`; which of several: `choice`; ratings without a
number: `scale_ends`. The conventions are in `docs/scores.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from processors.ratings.by_sound import number_by_sound, question_restored
from processors.ratings.candidates import ratings_in
from processors.ratings.choice import chosen_rating
from processors.ratings.questions import (
    Subject,
    asked_about,
    asks_for_another_number,
    asks_for_rating,
    asks_whether_sure,
    lowest_rating,
)
from processors.ratings.scale_ends import extreme_in
from processors.ratings.vocabulary import RatingWords, rating_words
from processors.text.tokens import LANGUAGES, Words, cut
from schemas.conversation import Speaker, Turn

__all__ = ["asks_for_rating", "predicted_rating", "rating_awaited", "spoken_rating"]

_GIVEN_WITHIN = 5
_GIVEN_AFTER = 4
_NAMED_WITHIN = 4
_ANSWERS_AWAITED = 4
_TAKEN_BACK_WITHIN = 1
_QUESTION_PARTS = 4
_SHORT_ANSWER = 3
_HEARD_WITHIN = 2
"""Customer's turns after a question within which a number is read by its sound."""


def spoken_rating(turns: Sequence[Turn], language: str) -> int | None:
    """The rating the customer speaks in these turns, the last one given; None where none is."""
    return _read(turns, language).rating if language in LANGUAGES else None


def rating_awaited(turns: Sequence[Turn], language: str) -> bool:
    """Whether after these turns a number that the customer says is likely a rating."""
    if language not in LANGUAGES:
        return False
    reader = _read(turns, language)
    return bool(reader.awaited and reader.audible)


def _read(turns: Sequence[Turn], language: str) -> _RatingReader:
    reader = _RatingReader(language)
    for turn in turns:
        if turn.speaker is Speaker.OPERATOR:
            reader.read_operator(turn.text, transcribed=turn.confidence is not None)
        elif turn.speaker is Speaker.CUSTOMER:
            reader.read_customer(turn.text, turn.confidence)
    return reader


@dataclass(slots=True)
class _RatingReader:
    language: str
    rating: int | None = None
    awaited: int = 0
    """In how many of the customer's next turns an answer may come."""
    revisable: int = 0
    """In how many of them the rating given may be taken back."""
    bare: bool = False
    """Whether the question was recognised by its sound alone: only a bare number answers it."""
    audible: int = 0
    """In how many of the customer's next turns a number is read by its sound."""
    lowest: int = 0
    about: Subject | None = None
    """What the question asks about."""
    offered: int | None = None
    """The rating that the operator's last turn puts to the customer ('quindi otto?')."""
    asked: list[str] = field(default_factory=list)
    """The operator's latest turns, for a question may be spread over several."""

    def read_operator(self, text: str, *, transcribed: bool) -> None:
        self.asked = [*self.asked[1 - _QUESTION_PARTS :], text]
        whole = " ".join(self.asked)
        if asks_for_rating(text, self.language) or (
            not self.awaited and self.rating is None and asks_for_rating(whole, self.language)
        ):
            self.awaited, self.revisable, self.bare = _ANSWERS_AWAITED, 0, False
            self.audible = _HEARD_WITHIN
            self.lowest = lowest_rating(whole, self.language)
            self.about = asked_about(whole, self.language)
        elif asks_for_another_number(text, self.language):
            self.awaited, self.revisable, self.asked = 0, 0, []
        elif transcribed and self.rating is None and self._asks_by_sound(text):
            self.awaited, self.bare = max(self.awaited, _HEARD_WITHIN), not self.awaited
            self.audible = _HEARD_WITHIN
        elif self.revisable and "?" in text:
            named = bool(ratings_in(cut(text, self.language), self.language))
            self.awaited = int(named or asks_whether_sure(text, self.language))
        self.offered = self._put_to_the_customer(text)

    def _asks_by_sound(self, text: str) -> bool:
        if self.language != "it":
            return False
        return asks_for_rating(question_restored(cut(text, self.language)), self.language)

    def read_customer(self, text: str, confidence: float | None) -> None:
        said = cut(text, self.language)
        taken_back = bool(self.revisable) and _takes_back(said, self.language)
        if self.awaited or taken_back:
            found = self._answer(said)
        else:
            found = _given_unasked(text, self.language)
        if found is None and self.awaited and self.audible:
            self._read_by_sound(said, confidence)
        self.revisable = max(0, self.revisable - 1)
        self.awaited = max(0, self.awaited - 1)
        self.audible = max(0, self.audible - 1)
        if len(said.words) > _SHORT_ANSWER:
            self.asked = []
        if found is not None:
            self.rating, self.awaited, self.revisable = found, 0, _TAKEN_BACK_WITHIN
            self.asked = []

    def _answer(self, said: Words) -> int | None:
        """The rating in an answer to a 0-10 question."""
        ratings = ratings_in(said, self.language)
        if ratings and self.bare and len(said.words) > _SHORT_ANSWER:
            return None
        if ratings:
            return chosen_rating(ratings, said, self.language, self.about)
        end = extreme_in(said, self.language, self.lowest)
        return self.offered if end is None and _agrees(said, self.language) else end

    def _read_by_sound(self, said: Words, confidence: float | None) -> None:
        """Take what sounds like a number for the rating, until a plain one is given."""
        if confidence is None or self.language != "it":
            return
        guess = number_by_sound(said, confidence)
        if guess is not None:
            self.rating, self.audible = guess.value, 0

    def _put_to_the_customer(self, text: str) -> int | None:
        if not (self.awaited and "?" in text):
            return None
        ratings = ratings_in(cut(text, self.language), self.language)
        return ratings[0].value if len(ratings) == 1 else None


def _agrees(said: Words, language: str) -> bool:
    """Whether the customer agrees to what the operator has put."""
    known = rating_words(language)
    return (
        said.words[:1] != ()
        and said.words[0] in known.agrees
        and (known.denies.isdisjoint(said.words) and "no" not in said.words)
    )


def _takes_back(said: Words, language: str) -> bool:
    return not rating_words(language).takes_back.isdisjoint(said.words)


@lru_cache(maxsize=16_384)
def _given_unasked(text: str, language: str) -> int | None:
    """The rating a customer gives unasked, in words that say it is one."""
    said = cut(text, language)
    beyond = rating_words(language).beyond
    ratings = [
        rating
        for rating in ratings_in(said, language)
        if said.words[rating.place] not in beyond and _is_given(rating.place, said, language)
    ]
    return chosen_rating(ratings, said, language) if ratings else None


def _is_given(place: int, said: Words, language: str) -> bool:
    known, words = rating_words(language), said.words
    before = words[max(0, place - _GIVEN_WITHIN) : place]
    after = words[place + 1 : place + 1 + _GIVEN_AFTER]
    if known.gives_a_rating.intersection(before):
        return not known.not_a_gift.intersection(before)
    if _is_out_of_ten(place, said, known) or _is_named(place, said, known):
        return True
    led = bool(before) and before[-1] in known.lead_to_a_rating | known.contrasts
    return led and not known.given_after.isdisjoint(after)


def _is_out_of_ten(place: int, said: Words, known: RatingWords) -> bool:
    """'Cinque su dieci, ecco.': the scale after it, then a pause (not 'nove su dieci pagano')."""
    at = place + 1
    at += said.words[at : at + 2] == ("out", "of")
    joins, ten = [*said.words[at : at + 2], "", ""][:2]
    if joins not in known.out_of or known.values.get(ten) != 10:
        return False
    rest = said.raw[said.ends[at + 1] :].lstrip()
    return not rest[:1].isalnum() or said.words[at + 2] in known.after_a_scale


def _is_named(place: int, said: Words, known: RatingWords) -> bool:
    """'Il voto, da zero a dieci, è tre', 'quattro, come voto': a rating by its name."""
    words, sentence = said.words, said.sentences[place]
    if sentence in said.questions:
        return False
    own = [at for at in range(len(words)) if said.sentences[at] == sentence]
    if not known.of_school.isdisjoint(words[own[0] : own[-1] + 1]):
        return False
    names = [at for at in own if words[at] in known.names]
    linked = place > own[0] and (
        words[place - 1] in known.links or said.gap(place - 1).strip() in (":", ",")
    )
    if linked and any(at < place for at in names):
        return True
    after = words[place + 1 : min(place + 1 + _NAMED_WITHIN, own[-1] + 1)]
    alone = known.lead_to_a_rating.issuperset(words[own[0] : place])
    return alone and not known.names.isdisjoint(after)


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
