"""Numbers that are not ratings: they count something, or name a day, an hour, an address."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Final

from processors.ratings.surroundings import ARTICLES, OVER, UNDER, Places
from processors.ratings.vocabulary import RatingWords
from processors.text.tokens import Words

_REACH_OF_A_VERB = 4
_REPEATED_WITHIN = 2
_LIVES: Final = re.compile(r"abit\w+|stiamo|sto|live|flat")
_DAYS_AFTER: Final = frozenset(("il", "l", "del", "dal", "al", "the", "on", "by", "at", "about"))
"""Words before a day of the month, or an hour."""
_HAVE: Final = frozenset(("ho", "hai", "ha", "abbiamo", "avete", "hanno"))
_NO_PAUSE: Final = ("", "'", "’", ":")
_ENDS_IN: Final = frozenset(("con", "per", "in", "di", "with"))
_UNITS: Final = ("%", "€", "£", "$")
_GROUPS: Final = frozenset(("noi", "voi", "loro", "quelli", "quelle", "us", "them", "you"))
"""Of whom a number is: 'due di noi'."""
_PLURAL, _PLURAL_ALONE = 4, 5
"""Least letters of a plural, after a word of having and without."""
_NO_PLURAL: Final = ("mente", "rei", "resti", "nte", "bile", "are", "ere", "ire", "issime")
"""Endings of words in -i and -e that are no plurals."""


class CountedNumbers(Places):
    """Recognises the numbers of an answer that count or name something."""

    def __init__(self, said: Words, known: RatingWords, *, italian: bool) -> None:
        super().__init__(said, known, italian=italian)
        self._last_day: int | None = None
        self._counted: dict[int, int] = {}
        self._idioms = self._idiom_places()
        self._gifts = [n for n, word in enumerate(said.words) if word in known.gives_a_rating]
        """Places of words that give a rating."""
        self._of_how_many = {
            sentence
            for word, sentence in zip(said.words, said.sentences, strict=True)
            if word in ("quanti", "quante", "many")
        }

    def holds(self, place: int, value: int) -> bool:
        """Whether the number `value` at `place` is something other than a rating.

        To be called place by place: a number may count what the one before it counts.
        """
        if place in self._idioms:
            return True
        if self._is_counted(place) or self._is_of_a_range(place, value):
            self._counted[place] = value
            return True
        if self._repeats_a_count(place, value) or self._follows_a_count(place):
            return True
        return self._is_of_a_day(place)

    def _idiom_places(self) -> set[int]:
        """Places in set phrases: 'in quattro e quattr'otto', 'non c'è due senza tre'."""
        taken: set[int] = set()
        for parts in _started_in(self.known.idioms, self.said.words):
            for place in range(len(self.said.words) - len(parts) + 1):
                if self.said.words[place : place + len(parts)] == parts:
                    taken.update(range(place, place + len(parts)))
        return taken

    def _is_of_a_range(self, place: int, value: int) -> bool:
        """'otto, nove minuti', 'sei o sette volte': the lower end of how many, not a rating."""
        joined = self.word(place + 1) in ("o", "or", "a", "to")
        if not joined and self.gap(place).strip() not in ("", ",", "-"):
            return False
        other = place + (2 if joined else 1)
        if self.known.values.get(self.word(other)) != value + 1:
            return False
        return self._is_counted(other)

    def _follows_a_count(self, place: int) -> bool:
        """Whether it continues a number of something else: 'finisce per sette otto'."""
        if place - 1 in self._counted and not self.paused(place - 1):
            self._counted[place] = self._counted[place - 1]
            return True
        return False

    def _is_counted(self, place: int) -> bool:
        known, before, after = self.known, self.word(place - 1), self.word(place + 1)
        paused = bool(self.gap(place).strip())
        if (
            before in known.before_a_number_of_something
            and self.gap(place - 1).strip() in _NO_PAUSE
        ):
            return True
        if self.word(place - 2) in known.ends_a_code and before in _ENDS_IN:
            return True
        if self.gap(place) == "-" and after not in (*known.values, *known.follow_a_rating):
            return True
        if before == "le" and self.word(place - 2) not in known.gives_a_rating | {"direi", "dico"}:
            return True
        if self._is_an_amount(place, before, after):
            return True
        if after == "per" and (self.word(place + 2) in (*known.values, "cento")):
            return True
        if self.gap(place).strip().startswith(_UNITS) or self.gap(place - 1).rstrip().endswith(
            _UNITS
        ):
            return True
        if self._is_part_of_several(place):
            return True
        if after in known.counted and not paused:
            taken_off = self.known.takes_off.intersection(self.clause_before(place))
            return after not in ("punti", "points") or bool(taken_off)
        had = place - 2 if before.endswith(("ti", "te")) else place - 1
        if self.word(had) in _HAVE and self.word(had - 1) == "ne":
            return True
        if self.word(place) in ("zero", "0") and after in known.zero_of and not paused:
            return True
        return self._is_a_plural_s_number(place, before, after, paused=paused)

    def _is_an_amount(self, place: int, before: str, after: str) -> bool:
        """'otto e cinquanta', 'ogni due per tre', 'sono cinque che litigano', 'quante? due?'."""
        if after == "e" and self.word(place + 2) in self.known.tens and not self.paused(place):
            return True
        if before == "per" and self.word(place - 2) in self.known.values:
            return True
        if after in ("di", "of") and self.word(place + 2) in self.known.counted | _GROUPS:
            return True
        if self.gap(place) in (":", ",", ".") and len(after) == 2 and after.isdigit():
            return True
        if before == "sono" and after == "che":
            return True
        said = self.said
        here = said.sentences[place]
        asked = {here - 1, here} & said.questions
        return not asked.isdisjoint(self._of_how_many)

    def _is_part_of_several(self, place: int) -> bool:
        """'tre bollette su quattro', 'due su tre': of how many things, not a rating."""
        values = self.known.values
        for at in (place, place - 2):
            all_of_them = values.get(self.word(at + 2), 0)
            if self.word(at + 1) in ("su", "of") and values.get(self.word(at), 10) < all_of_them:
                return all_of_them < 10
        return (
            self.word(place - 1) in ("su", "of")
            and self.word(place - 2) not in self.known.values
            and self.known.values.get(self.word(place - 3), 0) > 1
        )

    def _is_a_plural_s_number(self, place: int, before: str, after: str, *, paused: bool) -> bool:
        """A plural after it: 'ho quattro contatori', 'tre idraulici ho chiamato'."""
        if (
            before == "in"
            or before in self.known.before_a_group
            or (before == "siamo" and (paused or after in ("", "in", "a")))
        ):
            return True
        if (
            paused
            or after in self.known.follow_a_rating
            or self.known.values.get(self.word(place), 0) < 2
        ):
            return False
        led = before in self.known.leads_to_counting
        none = after in self.known.no_plural or after in self.known.values
        if none or len(after) < (_PLURAL if led else _PLURAL_ALONE):
            return False
        if not self.italian:
            return after.endswith("s") and not after.endswith("ss")
        return after.endswith(("i", "e")) and (led or not after.endswith(_NO_PLURAL))

    def _is_of_a_day(self, place: int) -> bool:
        """'pago il dieci', 'il sette passo', 'entro il sette': a day of the month, an hour."""
        if self.word(place - 1) not in _DAYS_AFTER:
            return False
        before = self._up_to_a_gift(range(place - 2, place - 2 - _REACH_OF_A_VERB, -1))
        after = self._up_to_a_gift(range(place + 1, place + 1 + _REACH_OF_A_VERB))
        dated = not self.known.month_day_verbs.isdisjoint(before)
        lives = any(_LIVES.fullmatch(word) for word in before)
        if self.word(place - 1) in ARTICLES:
            if self.word(place - 2) in OVER | UNDER | {"verso"}:
                return False
            dated = dated or not self.known.after_a_month_day.isdisjoint(after)
            dated = dated or self._is_another_day(place, len(after))
        if dated:
            self._last_day = place
        return dated or lives

    def _is_another_day(self, place: int, free: int) -> bool:
        """Whether a day said before makes this one too: 'venga il nove, non il dieci'."""
        if self._last_day is None or free < _REACH_OF_A_VERB:
            return False
        sentences = self.said.sentences
        given = bisect_left(self._gifts, self._last_day)
        return sentences[self._last_day] == sentences[place] and (
            given == len(self._gifts) or self._gifts[given] >= place
        )

    def _up_to_a_gift(self, places: range) -> list[str]:
        """The words at `places`, '' beyond the ends, up to one that gives a rating."""
        words = [self.word(place) for place in places]
        gifts = self.known.gives_a_rating | self.known.given_after
        return words[: next((n for n, word in enumerate(words) if word in gifts), len(words))]

    def _repeats_a_count(self, place: int, value: int) -> bool:
        """'una rata da nove euro, nove!': a number of things, repeated for effect."""
        near = [self._counted.get(place - back) for back in range(2, 2 + _REPEATED_WITHIN)]
        alone = bool(self.gap(place - 1).strip() and self.gap(place).strip())
        return alone and value in near


def _started_in(idioms: frozenset[str], words: Collection[str]) -> Iterator[tuple[str, ...]]:
    """The words of those idioms of which the first is among `words`."""
    by_first = _by_first_word(idioms)
    for first in by_first.keys() & set(words):
        yield from by_first[first]


@lru_cache(maxsize=2)
def _by_first_word(idioms: frozenset[str]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for idiom in sorted(idioms):
        parts = tuple(idiom.split("_"))
        found.setdefault(parts[0], []).append(parts)
    return found
