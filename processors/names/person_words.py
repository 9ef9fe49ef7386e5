"""Whether words are a person's name: by lists, by capitals, by what comes before them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Final

from processors.names.introductions import Strength
from processors.names.known import KnownNames, NameLists, name_lists
from processors.text.pieces import Pieces
from processors.text.word_lists import words_of

_PARTICLES: Final = words_of("redaction", "any", "particles")
_NOT_OF_A_PERSON: Final = words_of("redaction", "any", "not_of_a_person")
"""Words after which a name is a street's, a saint's or a company's."""
_PEOPLES: Final = words_of("redaction", "any", "peoples")
"""Surnames, some of them, that after 'sono' rather say where one comes from."""
_COMPANY_ENDINGS: Final = words_of("redaction", "any", "company_endings")
_DOTTED_COMPANY: Final = re.compile(
    r"\s*(?:s\.?\s?r\.?\s?l|s\.?\s?p\.?\s?a|s\.?\s?n\.?\s?c|s\.?\s?a\.?\s?s|& )\b", re.IGNORECASE
)
_INSIDE: Final = frozenset(("", "'", "’", "-", "."))
_AFTER_A_PARTICLE: Final = frozenset((" ", "'", "’"))
_NAMING: Final = frozenset(("intestato", "intestata", "intestati", "intestate", "a", "parlo"))
"""First words of introductions that a name follows even where a person need not."""
_FROM_AN_OFFICE: Final = frozenset(
    ("dell", "dall", "from", "here", "speaking", "calling", "dello", "sportello")
)
_AFTER_A_COLOUR: Final = frozenset(("dalla", "come", "per", "da", "che"))
"""Words that distinguish 'sono rosa dalla rabbia' from 'sono Rosa, la chiamo'."""
_SHORTEST_UNKNOWN = 4
_SHORTEST_ALONE = 4
_EARLY = 4


class PersonWords:
    """Recognises names in one text."""

    def __init__(
        self,
        pieces: Pieces,
        language: str | None,
        known: KnownNames,
        taken: Callable[[int], bool],
        bare: frozenset[int] = frozenset(),
    ) -> None:
        self._pieces = pieces
        self._words = pieces.words
        self._known = known
        self._taken = taken
        self._bare = bare
        """Pieces that are surnames with nothing to introduce them."""
        self._listed = language is not None
        self._lists: NameLists = name_lists(language or "it")

    def name_end(self, at: int, strength: Strength, cue: int) -> int:
        """Where the first word of the name at `at` ends, with its particle ('De Santis').

        `at` itself where there is none; `cue` is where the introduction started.
        """
        if self._taken(at):
            return at
        if at in self._bare and self._is_particle(at):
            return at + 2
        if self._accepts(at, strength, cue):
            return at + 1
        if strength < Strength.PERSON or not self._is_particle(at):
            return at
        after = self._word(at + 1)
        if self._pieces.capital(at) and self._pieces.capital(at + 1):
            return at + 2
        unmistakable = after in self._lists.surnames and after not in self._lists.everyday
        foreign = self._word(at) == "de" and not self._lists.seems_word(after)
        if strength is Strength.NAME:
            unmistakable = unmistakable or after in self._lists.lower_case_too
        raw_name = self._raw and (foreign or unmistakable)
        return at + 2 if raw_name else at

    def extended(self, end: int, strength: Strength) -> int:
        """Where the name that reaches `end` continues to; `end` itself where it does not."""
        if not self._goes_on(end):
            return end
        if self._pieces.capital(end):
            return self._extended_by_capital(end, strength)
        lists, word, before = self._lists, self._word(end), self._word(end - 1)
        if word in self._known and word not in lists.everyday:
            return end + 1
        after_lower = not self._pieces.capital(end - 1)
        if self._is_particle(end):
            follower = self._word(end + 1)
            plain = follower in lists.surnames and follower not in lists.everyday
            cased = after_lower or self._pieces.capital(end + 1)
            return end + 2 if plain and cased else end
        if lists.is_only_name(word) and (after_lower or strength is Strength.NAME):
            return end + 1
        if after_lower and self._completes(before, word, strength):
            return end + 1
        return end

    def is_company(self, at: int, end: int, strength: Strength) -> bool:
        """Whether what was taken for a name at [at, end) is a company's or a place's."""
        if _DOTTED_COMPANY.match(self._pieces.text, self._pieces.ends[end - 1]):
            return True
        if end - at > 1 and self._word(end - 1) in _COMPANY_ENDINGS:
            return True
        after = self._word(end) if end < len(self._pieces) and self._joined(end - 1) else ""
        if after in _COMPANY_ENDINGS and (len(after) <= 4 or self._pieces.capital(end)):
            return True
        return strength < Strength.NAME and at > 0 and self._word(at - 1) in _NOT_OF_A_PERSON

    def _joined(self, at: int) -> bool:
        """Whether nothing but a blank or a bracket is between the piece at `at` and the next."""
        return self._pieces.gap(at).strip() in ("", "(", "-", "&")

    @cached_property
    def _raw(self) -> bool:
        """Whether the transcriber wrote no capitals, so that none can be required."""
        return not any(self._pieces.capital(n) for n in range(1, len(self._pieces)))

    def _word(self, place: int) -> str:
        words = self._words
        return words[place] if 0 <= place < len(words) else ""

    def _refused(self, word: str) -> bool:
        return word in self._lists.everyday and not self._lists.is_name(word)

    def _is_particle(self, at: int) -> bool:
        return (
            self._word(at) in _PARTICLES
            and at + 1 < len(self._pieces)
            and self._pieces.gap(at) in _AFTER_A_PARTICLE
            and not self._taken(at + 1)
        )

    def _accepts(self, at: int, strength: Strength, cue: int) -> bool:
        word, capital = self._word(at), self._pieces.capital(at)
        if not word.isalpha() or len(word) < 2 or self._is_future(at):
            return False
        if word in self._known and (capital or word not in self._lists.everyday):
            return True
        if not self._listed:
            return False
        if strength is Strength.NONE or (strength is Strength.GREETING and not capital):
            return self._stands_alone(at)
        if strength is Strength.GREETING:
            return word in self._lists.given
        if capital and at > 0:
            of_a_people = strength is Strength.PERSON and word in _PEOPLES
            return not of_a_people and not self._refused(word)
        return self._accepts_lower(at, strength, cue)

    def _is_future(self, at: int) -> bool:
        """Whether it is the verb 'sarà', which folds to a name."""
        last = self._pieces.text[self._pieces.ends[at] - 1]
        return self._word(at) == "sara" and last not in "aA"

    def _stands_alone(self, at: int) -> bool:
        """Whether it is a name with nothing to introduce it."""
        if at in self._bare:
            return True
        word, before = self._word(at), self._word(at - 1)
        earlier = self._word(at - 2) if before in _PARTICLES else ""
        if not _NOT_OF_A_PERSON.isdisjoint((before, earlier, word)):
            return False
        capital = self._pieces.capital(at)
        if word not in self._lists.only_given:
            return capital and self._is_full_name(at)
        return capital or (len(word) >= _SHORTEST_ALONE and word in self._lists.native)

    def _is_full_name(self, at: int) -> bool:
        """Whether given name and surname are next to each other, in either order."""
        lists, pieces = self._lists, self._pieces
        if at + 1 >= len(pieces) or pieces.gap(at) != " " or not pieces.capital(at + 1):
            return False
        word, after = self._word(at), self._word(at + 1)
        surname = after in lists.surnames or at + 1 in self._bare
        return (word in lists.given and surname) or (
            word in lists.surnames and after in lists.only_given
        )

    def _accepts_lower(self, at: int, strength: Strength, cue: int) -> bool:
        lists, word = self._lists, self._word(at)
        if lists.is_only_name(word):
            return True
        if word not in lists.lower_case_too:
            unknown = not lists.seems_word(word) and len(word) >= _SHORTEST_UNKNOWN
            paused = at > 0 and "," in self._pieces.gap(at - 1) and not self._raw
            return strength is Strength.NAME and unknown and not paused
        if strength is Strength.NAME or self._word(cue) in _NAMING:
            return True
        if self._word(at + 1) in _FROM_AN_OFFICE:
            return True
        introduces = self._word(cue) == "sono" and self._word(at + 1) not in _AFTER_A_COLOUR
        return self._raw and cue <= _EARLY and word in lists.given and introduces

    def _goes_on(self, end: int) -> bool:
        """Whether the pause before `end` lets a name continue."""
        if end >= len(self._pieces) or self._taken(end) or not self._word(end).isalpha():
            return False
        gap = self._pieces.gap(end - 1)
        stop = gap.strip()
        if stop not in _INSIDE or "\n" in gap:
            return False
        return stop != "." or len(self._word(end - 1)) == 1

    def _extended_by_capital(self, end: int, strength: Strength) -> int:
        word, pieces = self._word(end), self._pieces
        if len(word) == 1:
            stop = pieces.text[pieces.ends[end] :][:1]
            if stop in ("'", "’") and end + 1 < len(pieces) and pieces.capital(end + 1):
                return end + 2
            return end + 1 if stop == "." else end
        if not self._refused(word):
            return end + 1
        if self._is_particle(end) and pieces.capital(end + 1):
            return end + 2
        if word in _PARTICLES:
            return end + 1 if strength >= Strength.PERSON else end
        titled = strength is Strength.NAME and pieces.gap(end - 1) == " "
        return end + 1 if titled and self._word(end - 1) in self._lists.given else end

    def _completes(self, before: str, word: str, strength: Strength) -> bool:
        """Whether `word`, in lower case and no mere name, completes the name started before it."""
        lists = self._lists
        if before in lists.surnames and word in lists.lower_case_too and word in lists.given:
            return True
        if before not in lists.given:
            return False
        if word in lists.lower_case_too and word in lists.surnames:
            return True
        unknown = not lists.seems_word(word) and len(word) >= _SHORTEST_UNKNOWN
        return unknown and strength >= Strength.PERSON
