"""Which of several ratings in one answer is the customer's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from processors.ratings.candidates import Rating
from processors.ratings.questions import Subject
from processors.ratings.vocabulary import RatingWords, rating_words
from processors.text.tokens import Words

_CONCLUDED_WITHIN = 4
"""Most words between 'quindi' and the rating that it leads to."""
_GIVEN_WITHIN = 4
_CONDITION_WITHIN = 5
_TAKEN_BACK: Final = (
    ("cosa", "dico"), ("che", "dico"), ("macche", "dico"), ("did", "say"), ("am", "saying")
)  # fmt: skip
_TRAILS_OFF: Final = re.compile(r"\.\.|…")


def chosen_rating(
    ratings: Sequence[Rating], said: Words, language: str, about: Subject | None = None
) -> int | None:
    """Of several ratings: the one about what was asked, one that replaces the others, the middle
    of a range (halves down), the lower of neighbours, one that is given in so many words, else
    the first.

    None where the customer leaves it open ('dipende: per lei nove, per il resto quattro').
    One of two neighbours that is repeated is the choice between them ('cinque o sei... sei').
    """
    choice = _Choice(said, rating_words(language))
    return choice.of(choice.about(choice.without_withdrawn(ratings), about))


class _Choice:
    def __init__(self, said: Words, known: RatingWords) -> None:
        self._said = said
        self._known = known

    def without_withdrawn(self, ratings: Sequence[Rating]) -> Sequence[Rating]:
        """Without those up to one that is taken back: 'otto. Ma cosa dico otto, nove'."""
        last = next(
            (n for n in range(len(ratings) - 1, -1, -1) if self._is_taken_back(ratings[n].place)),
            -1,
        )
        return ratings[last + 1 :] or ratings

    def _is_taken_back(self, place: int) -> bool:
        before = self._said.words[max(0, place - 2) : place]
        return before in _TAKEN_BACK

    def about(self, ratings: Sequence[Rating], about: Subject | None) -> Sequence[Rating]:
        """The ratings of `about` where the answer splits them ('otto a lei, tre all'azienda')."""
        subjects = self._subjects(ratings)
        if about is None or {"person", "company"} - set(subjects):
            return ratings
        last = self._said.words[ratings[-2].place + 1 : ratings[-1].place]
        if subjects[-1] is None and self._replaces(ratings[-2], last, ratings[-1]):
            return ratings
        return [rating for rating, of in zip(ratings, subjects, strict=True) if of == about]

    def of(self, ratings: Sequence[Rating]) -> int | None:
        """The rating that counts; None where none does."""
        known, said = self._known, self._said
        after = said.words[ratings[-1].place + 1 :]
        if len(ratings) == 2 and not known.averages.isdisjoint(after):
            return (ratings[0].value + ratings[1].value) // 2
        value, last = ratings[0].value, ratings[0]
        joined, settled = True, False
        offered: set[int] = set()
        ranged = not known.range_starts.isdisjoint(said.words[max(0, last.place - 2) : last.place])
        for number, rating in enumerate(ratings[1:], start=1):
            between = said.words[last.place + 1 : rating.place]
            follows = number > 1 and joined and all(word in known.fillers for word in between)
            chooses = follows and (ranged or rating.value in offered)
            if chooses or self._replaces(last, between, rating):
                value, joined, settled = rating.value, True, True
            elif joined and self._are_neighbours(last, rating, between):
                value = (value + rating.value) // 2 if ranged else min(value, rating.value)
                offered |= {last.value, rating.value}
                settled = True
            else:
                joined = False
            last = rating
        if settled:
            return value
        if len(ratings) > 1 and not known.depends.isdisjoint(said.words[: ratings[0].place]):
            return None
        return self._plainest(ratings).value

    def _plainest(self, ratings: Sequence[Rating]) -> Rating:
        """The rating said by itself, else the one given in so many words, else the first."""
        first = ratings[0]
        if self._is_bare(first):
            return first
        bare = [rating for rating in ratings if self._is_bare(rating)]
        if bare:
            return bare[-1]
        return next((rating for rating in ratings if self._is_given(rating)), first)

    def _is_bare(self, rating: Rating) -> bool:
        """Whether nothing else is said between the pauses around it: '..., dai, otto.'"""
        words, place = self._said.words, rating.place
        start = self._pause_between(-1, place, last=True)
        until = self._pause_between(place, len(words), last=False)
        before = self._known.lead_to_a_rating | self._known.fillers
        after = self._known.follow_a_rating | self._known.fillers
        return before.issuperset(words[start:place]) and after.issuperset(words[place + 1 : until])

    def _is_given(self, rating: Rating) -> bool:
        before = self._said.words[max(0, rating.place - _GIVEN_WITHIN) : rating.place]
        return not self._known.gives_a_rating.isdisjoint(before)

    def _replaces(self, one: Rating, between: Sequence[str], other: Rating) -> bool:
        """Whether the rating after these words replaces the one before them."""
        known = self._known
        if not known.corrects.isdisjoint(between) or self._hesitates(one, between, other):
            return True
        if not known.concludes.isdisjoint(between[-_CONCLUDED_WITHIN:]):
            return True
        if len(between) > 1 and between[0] in ("meno", "minus"):
            return True
        gives = not known.gives_a_rating.isdisjoint(between)
        if not {"invece", "instead"}.isdisjoint(between) and gives:
            return True
        if self._are_neighbours(one, other, between):
            return False
        before = self._said.words[max(0, one.place - _CONDITION_WITHIN) : one.place]
        if known.conditional.isdisjoint(before):
            return False
        stated = not known.states.isdisjoint(between[-_CONCLUDED_WITHIN:])
        contrasted = not known.contrasts.isdisjoint(between)
        return stated or (contrasted and self._ends_a_clause(other))

    def _hesitates(self, one: Rating, between: Sequence[str], other: Rating) -> bool:
        """'quattro... cinque via', 'tre... non so... sei': one that trails off into another."""
        said = self._said
        gap = said.gap(one.place, other.place)
        if self._known.fillers.issuperset(between):
            return bool(_TRAILS_OFF.search(gap))
        ends = other.place == len(said.words) - 1 and self._is_bare(other)
        return ends and bool(_TRAILS_OFF.match(gap))

    def _ends_a_clause(self, rating: Rating) -> bool:
        said, after = self._said, rating.place + 1
        if after >= len(said.words):
            return True
        gap = said.gap(rating.place)
        return bool(gap.strip()) or said.words[after] in self._known.fillers

    def _are_neighbours(self, one: Rating, other: Rating, between: Sequence[str]) -> bool:
        if not all(word in self._known.joins_neighbours for word in between):
            return False
        sentences = self._said.sentences
        if not between and sentences[one.place] != sentences[other.place]:
            return False
        return bool(between) or abs(one.value - other.value) <= 1

    def _subjects(self, ratings: Sequence[Rating]) -> list[Subject | None]:
        """What each rating is said to be of, searched first on the side where one names it."""
        words = self._said.words
        places = [-1, *(rating.place for rating in ratings), len(words)]
        led = self._named_in(words[: ratings[0].place]) is not None
        subjects: list[Subject | None] = []
        for last, place, following in zip(places, places[1:], places[2:], strict=False):
            before = self._named_in(words[self._pause_between(last, place, last=True) : place])
            until = self._pause_between(place, following, last=False)
            after = self._named_in(words[place + 1 : until])
            subjects.append(before or after if led else after or before)
        return subjects

    def _pause_between(self, one: int, other: int, *, last: bool) -> int:
        """The place after the first or last pause between two; without any, the farther end."""
        said = self._said
        pauses = [
            at + 1
            for at in range(max(0, one), min(other, len(said.words) - 1))
            if said.gap(at).strip(" '’")
        ]
        if last:
            return pauses[-1] if pauses else one + 1
        return pauses[0] if pauses else other

    def _named_in(self, words: Sequence[str]) -> Subject | None:
        known = self._known
        for word in words:
            if word in known.of_the_company:
                return "company"
            if word in known.of_the_person:
                return "person"
        return None
