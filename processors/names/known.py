"""Lists of names, and of the everyday words that are not to be taken for one.

`lexicons/names/*.txt` have sections of folded words: `given` and `surnames`, names; `everyday`,
words of everyday speech, among them those that are names too ('rosa', 'leone', 'grace');
`more_everyday`, rarer ones, whose other forms are not taken for words too;
`names_in_lower_case_too`, those of them that name a person after a title even where the
transcriber writes no capitals ('signora rosa').
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from processors.text.tokens import fold
from processors.text.word_lists import words_of

_WORD: Final = re.compile(r"[^\W\d_]+")
_DOUBLED: Final = re.compile(r"(.)\1")
_NUMBER: Final = re.compile(
    r"(?:un[oa]?|due|tre|quattro|cinque|sei|sette|ott[oa]?|nov[ea]?|dieci|undici|dodici|tredici"
    r"|quattordici|quindici|sedici|diciassette|diciotto|diciannove|vent[io]?|(?:tr|quar|cinqu|sess"
    r"|sett|ott|nov)ant[ao]?|centi?|cento?|trent[ao]?|mille|mila|milion[ei]|e)+"
)
"""Italian numbers of any size, in one word: 'duecentodieci', 'milleseicento'."""
_SHORTEST_KNOWN = 3
_SHORTEST_ALIKE = 5
_INFLECTION: Final = re.compile(r"h?[aeiou]+$")
_SHORTEST_STEM = 4
_ENDINGS: Final = {
    "it": re.compile(
        r".{2,}(?:mente|zion[ei]|sion[ei]|ment[oi]|[aei]nd[oa]|[aei]r[el]|[aei]rl[aoie]|iam[oi]"
        r"|[aei]te|[aei]van?o?|ess[ei]|erebbe|ere[im]o?|eranno|er[ao]nno|bile|bili|iss?im[aoie]"
        r"|ist[aie]|tor[ei]|tric[ei]|ita|[aei]t[aoie]|us[aoi]|evol[ei]|ativ[aoie])"
    ),
    "en": re.compile(r".{3,}(?:ing|ed|ly|tion|tions|ment|ments|ness|able|ful|less)"),
}
"""Endings of everyday words too many to list: adverbs, verbs, abstract nouns."""


@dataclass(frozen=True, slots=True)
class NameLists:
    """What is known of the words of one language."""

    given: frozenset[str]
    surnames: frozenset[str]
    everyday: frozenset[str]
    lower_case_too: frozenset[str]
    only_given: frozenset[str]
    """Given names that are nothing else: they name a person wherever they are said."""
    native: frozenset[str]
    """Those of the language itself: recognised even without a capital."""
    stems: frozenset[str]
    """Everyday words without their endings, so that other forms of them are known too."""
    endings: re.Pattern[str]

    def is_name(self, word: str) -> bool:
        """Whether it is a listed name, or may be one."""
        return word in self.given or word in self.surnames

    def is_only_name(self, word: str) -> bool:
        """Whether it is a listed name and not an everyday word."""
        return word not in self.everyday and self.is_name(word)

    def seems_word(self, word: str) -> bool:
        """Whether it is an everyday word: a listed one, a form of one, or one by its ending."""
        return word in self.everyday or bool(self.endings.fullmatch(word)) or self.seems_form(word)

    def seems_form(self, word: str) -> bool:
        """Whether it is another form of an everyday word, or a number."""
        stem = _stem(word)
        return (bool(stem) and stem in self.stems) or bool(_NUMBER.fullmatch(word))


@cache
def name_lists(language: str) -> NameLists:
    """The lists for `language` ("it" or "en")."""

    def section(name: str) -> frozenset[str]:
        return words_of("names", language, name)

    commonest = section("everyday")
    everyday = commonest | section("more_everyday")
    given = section("given") | words_of("names", "abroad", "given")
    if language == "it":
        given |= words_of("names", "en", "given") - everyday
    stems = frozenset(filter(None, map(_stem, commonest))) if language == "it" else frozenset()
    return NameLists(
        given,
        section("surnames"),
        everyday,
        section("names_in_lower_case_too"),
        given - everyday,
        section("given") - everyday,
        stems,
        _ENDINGS[language],
    )


def _stem(word: str) -> str:
    """`word` without its ending; empty where too little is left."""
    stem = _INFLECTION.sub("", word)
    return stem if len(stem) >= _SHORTEST_STEM else ""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names known of a conversation's people, as single folded words."""

    words: frozenset[str] = frozenset()
    alike: frozenset[str] = frozenset()
    """The same with doubled letters single: 'Rosi' is transcribed for 'Rossi'."""
    initials: frozenset[str] = frozenset()
    """First letters of `alike`, for a quick check."""

    @classmethod
    def of(cls, names: Sequence[str]) -> KnownNames:
        """From names as given, as `["Mario Rossi", "D'Amico"]`; two letters are no name."""
        particles = words_of("redaction", "any", "particles")
        words = {
            word
            for name in names
            for word in _WORD.findall(fold(name))
            if len(word) >= _SHORTEST_KNOWN and word not in particles
        }
        alike = frozenset(_single(word) for word in words if len(word) >= _SHORTEST_ALIKE)
        return cls(frozenset(words), alike, frozenset(word[0] for word in alike))

    def __contains__(self, word: str) -> bool:
        if word in self.words:
            return True
        if len(word) < _SHORTEST_ALIKE or word[0] not in self.initials:
            return False
        return _single(word) in self.alike

    def __bool__(self) -> bool:
        return bool(self.words)

    def any_in(self, words: Sequence[str]) -> bool:
        """Whether `words`, folded ones, have a known name among them."""
        if not self.words.isdisjoint(words):
            return True
        return bool(self.alike) and any(word in self for word in words)


NOBODY: Final = KnownNames()


def _single(word: str) -> str:
    return _DOUBLED.sub(r"\1", word)
