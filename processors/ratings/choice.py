"""Which of several marks in one answer is the customer's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from processors.ratings.candidates import Mark
from processors.ratings.questions import Subject
from processors.ratings.vocabulary import MarkWords, mark_words
from processors.text.tokens import Words

_CONCLUDED_WITHIN = 4
"""Most words between 'quindi' and the mark that it leads to."""
_GIVEN_WITHIN = 4
_CONDITION_WITHIN = 5
_TRAILS_OFF: Final = re.compile(r"\.\.|…")


def chosen_mark(
    marks: Sequence[Mark], said: Words, language: str, about: Subject | None = None
) -> int | None:
    """Of several marks: the one about what was asked, one that replaces the others, the middle
    of a range (halves down), the lower of neighbours, one that is given in so many words, else
    the first.

    None where it is left open ('dipende: per lei nove, per il resto quattro').
    One of two neighbours said again is the choice between them ('cinque o sei... sei').
    """
    choice = _Choice(said, mark_words(language))
    return choice.of(choice.about(marks, about))


class _Choice:
    def __init__(self, said: Words, known: MarkWords) -> None:
        self._said = said
        self._known = known

    def about(self, marks: Sequence[Mark], about: Subject | None) -> Sequence[Mark]:
        """The marks of `about` where the answer splits them ('otto a lei, tre all'azienda')."""
        subjects = self._subjects(marks)
        if about is None or {"person", "company"} - set(subjects):
            return marks
        last = self._said.words[marks[-2].place + 1 : marks[-1].place]
        if subjects[-1] is None and self._replaces(marks[-2], last, marks[-1]):
            return marks
        return [mark for mark, of in zip(marks, subjects, strict=True) if of == about]

    def of(self, marks: Sequence[Mark]) -> int | None:
        """The mark that counts; None where none does."""
        known, said = self._known, self._said
        after = said.words[marks[-1].place + 1 :]
        if len(marks) == 2 and not known.averages.isdisjoint(after):
            return (marks[0].value + marks[1].value) // 2
        value, last = marks[0].value, marks[0]
        joined, settled = True, False
        offered: set[int] = set()
        ranged = not known.range_begins.isdisjoint(said.words[max(0, last.place - 2) : last.place])
        for number, mark in enumerate(marks[1:], start=1):
            between = said.words[last.place + 1 : mark.place]
            follows = number > 1 and joined and all(word in known.fillers for word in between)
            chooses = follows and (ranged or mark.value in offered)
            if chooses or self._replaces(last, between, mark):
                value, joined, settled = mark.value, True, True
            elif joined and self._are_neighbours(last, mark, between):
                value = (value + mark.value) // 2 if ranged else min(value, mark.value)
                offered |= {last.value, mark.value}
                settled = True
            else:
                joined = False
            last = mark
        if settled:
            return value
        if len(marks) > 1 and not known.depends.isdisjoint(said.words[: marks[0].place]):
            return None
        return self._plainest(marks).value

    def _plainest(self, marks: Sequence[Mark]) -> Mark:
        """The mark said by itself, else the one given in so many words, else the first."""
        first = marks[0]
        if self._is_bare(first):
            return first
        bare = [mark for mark in marks if self._is_bare(mark)]
        if bare:
            return bare[-1]
        return next((mark for mark in marks if self._is_given(mark)), first)

    def _is_bare(self, mark: Mark) -> bool:
        """Whether nothing else is said between the pauses around it: '..., dai, otto.'"""
        words, place = self._said.words, mark.place
        begin = self._pause_between(-1, place, last=True)
        until = self._pause_between(place, len(words), last=False)
        before = self._known.lead_to_a_mark | self._known.fillers
        after = self._known.follow_a_mark | self._known.fillers
        return before.issuperset(words[begin:place]) and after.issuperset(words[place + 1 : until])

    def _is_given(self, mark: Mark) -> bool:
        before = self._said.words[max(0, mark.place - _GIVEN_WITHIN) : mark.place]
        return not self._known.gives_a_mark.isdisjoint(before)

    def _replaces(self, one: Mark, between: Sequence[str], other: Mark) -> bool:
        """Whether the mark after these words stands for the one before them."""
        known = self._known
        if not known.corrects.isdisjoint(between) or self._hesitates(one, between, other):
            return True
        if not known.concludes.isdisjoint(between[-_CONCLUDED_WITHIN:]):
            return True
        if len(between) > 1 and between[0] in ("meno", "minus"):
            return True
        gives = not known.gives_a_mark.isdisjoint(between)
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

    def _hesitates(self, one: Mark, between: Sequence[str], other: Mark) -> bool:
        """'quattro... cinque via', 'tre... non so... sei': a mark that trails off into another."""
        said = self._said
        gap = said.raw[said.ends[one.place] : said.starts[other.place]]
        if self._known.fillers.issuperset(between):
            return bool(_TRAILS_OFF.search(gap))
        ends = other.place == len(said.words) - 1 and self._is_bare(other)
        return ends and bool(_TRAILS_OFF.match(gap))

    def _ends_a_clause(self, mark: Mark) -> bool:
        said, after = self._said, mark.place + 1
        if after >= len(said.words):
            return True
        gap = said.raw[said.ends[mark.place] : said.starts[after]]
        return bool(gap.strip()) or said.words[after] in self._known.fillers

    def _are_neighbours(self, one: Mark, other: Mark, between: Sequence[str]) -> bool:
        if not all(word in self._known.joins_neighbours for word in between):
            return False
        sentences = self._said.sentences
        if not between and sentences[one.place] != sentences[other.place]:
            return False
        return bool(between) or abs(one.value - other.value) <= 1

    def _subjects(self, marks: Sequence[Mark]) -> list[Subject | None]:
        """What each mark is said to be of, looked for first on the side where one names it."""
        words = self._said.words
        places = [-1, *(mark.place for mark in marks), len(words)]
        led = self._named_in(words[: marks[0].place]) is not None
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
            if said.raw[said.ends[at] : said.starts[at + 1]].strip(" '’")
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
