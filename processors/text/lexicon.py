"""Lexicons: phrases written in XML, compiled to one search tree, found in one pass.

A lexicon file is

    <lexicon language="it">
      <words name="utility">luce gas acqua</words>
      <family name="aggression.threat" negation="cancel" question="dampen">
        <group weight="0.8">
          le|vi stacc* .. @utility
          in galera
        </group>
      </family>
    </lexicon>

Each line of a group is a phrase of elements separated by blanks: a word; alternatives `a|b`; a
stem `stacc*`; a class `@utility`; an optional element in brackets `[la|il]`; `_` any word;
`..` up to three words, `...` up to six; `^` the beginning and `$` the end of a sentence. Words
are written folded (`processors.text.tokens.fold`). A phrase never crosses a sentence's end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from itertools import product
from typing import Literal, NamedTuple
from xml.etree import ElementTree

from processors.text.tokens import Words, fold

Negation = Literal["cancel", "flip", "keep"]
Question = Literal["dampen", "keep"]

_NEGATIONS: dict[str, Negation] = {"cancel": "cancel", "flip": "flip", "keep": "keep"}
_QUESTIONS: dict[str, Question] = {"dampen": "dampen", "keep": "keep"}
_GAPS = {"..": 3, "...": 6}
_LONG_DRAWN = re.compile(r"([a-z])\1{2,}")
_SHORTEST_STEM = 2
_LONGEST_STEM = 40
"""No stem is longer: a word of a million letters costs no more than its first forty."""
_CACHED_SENTENCES = 8192
"""Formulas repeat in other turns: the phrases of a sentence are searched once."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: its family, its weight, and how context changes it."""

    family: str
    weight: float
    negation: Negation
    question: Question
    value: str = ""
    """What the phrase means, where its family has values (a driver's or a rule's name)."""


class Hit(NamedTuple):
    """A phrase found at the words [first, after)."""

    phrase: Phrase
    first: int
    after: int


@dataclass(slots=True)
class _Node:
    children: dict[int, _Node] = field(default_factory=dict)
    keys: set[int] = field(default_factory=set)
    anything: _Node | None = None
    gap: _Node | None = None
    gap_length: int = 0
    start: _Node | None = None
    ends: list[Phrase] = field(default_factory=list)
    closing: list[Phrase] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """What a word can match: elements of phrases, and the phrases that start with it.

    Words that match the same elements share one form, so forms are compared by identity.
    """

    elements: frozenset[int]
    starts: tuple[_Node, ...]


class Lexicon:
    """Phrases of several files, ready to be found; and the files' word classes."""

    def __init__(self, *sources: str) -> None:
        self.classes: dict[str, frozenset[str]] = {}
        self._root = _Node()
        self._alternatives: dict[frozenset[str], int] = {}
        self._exact: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._forms: dict[tuple[int, ...], _Form] = {}
        for source in sources:
            self._read(source)
        self._form_of = lru_cache(maxsize=65_536)(self._resolve)
        self._in_sentence = lru_cache(maxsize=_CACHED_SENTENCES)(self._find_in_sentence)

    def words(self) -> frozenset[str]:
        """The whole words of all phrases; stems are not among them."""
        return frozenset(self._exact)

    def find(self, said: Words) -> list[Hit]:
        """Every phrase found; of those of one family and value that overlap, the heaviest."""
        forms = tuple(map(self._form_of, said.words))
        hits: list[Hit] = []
        start = 0
        while start < len(forms):
            after = bisect_right(said.sentences, said.sentences[start], start)
            for phrase, first, end in self._in_sentence(forms[start:after]):
                hits.append(Hit(phrase, start + first, start + end))
            start = after
        return hits

    def _find_in_sentence(self, forms: tuple[_Form, ...]) -> tuple[Hit, ...]:
        """The phrases of one sentence: they depend only on what its words match."""
        opening = self._root.start
        hits: list[Hit] = []
        for first, form in enumerate(forms):
            pending = [(node, first + 1) for node in form.starts]
            if opening is not None and first == 0:
                pending.append((opening, first))
            if pending:
                _walk(forms, first, pending, hits)
        return tuple(_heaviest(hits))

    def _resolve(self, word: str) -> _Form:
        found = self._look_up(word)
        if not found:
            shorter = _LONG_DRAWN.sub(r"\1", word)
            if shorter != word:
                found = self._look_up(shorter)
        elements = tuple(found)
        form = self._forms.get(elements)
        if form is None:
            starts = (self._root.children.get(element) for element in elements)
            form = _Form(frozenset(elements), tuple(node for node in starts if node is not None))
        return self._forms.setdefault(elements, form)

    def _look_up(self, word: str) -> list[int]:
        found = list(self._exact.get(word, ()))
        for length in range(_SHORTEST_STEM, min(len(word), _LONGEST_STEM) + 1):
            found.extend(self._stems.get(word[:length], ()))
        return list(dict.fromkeys(found))

    def _read(self, source: str) -> None:
        # The lexicons are this package's own files, not input: no hostile XML can come in.
        root = ElementTree.fromstring(source)  # noqa: S314
        for words in root.iter("words"):
            name = words.get("name", "")
            self.classes[name] = self.classes.get(name, frozenset()) | frozenset(
                fold(words.text or "").split()
            )
        for family in root.iter("family"):
            for group in family.iter("group"):
                phrase = _phrase(family, group)
                for line in fold(group.text or "").splitlines():
                    if line.strip():
                        self._add(line.split(), phrase)

    def _add(self, elements: list[str], phrase: Phrase) -> None:
        choices = [
            (element[1:-1], None) if element[0] == "[" else (element,) for element in elements
        ]
        for chosen in product(*choices):
            self._grow([element for element in chosen if element is not None], phrase)

    def _grow(self, elements: list[str], phrase: Phrase) -> None:
        node = self._root
        for element in elements:
            if element == "^":
                node.start = node.start or _Node()
                node = node.start
            elif element == "_":
                node.anything = node.anything or _Node()
                node = node.anything
            elif element in _GAPS:
                node.gap = node.gap or _Node()
                node.gap_length = max(node.gap_length, _GAPS[element])
                node = node.gap
            elif element == "$":
                node.closing.append(phrase)
                return
            else:
                number = self._number(element)
                node.keys.add(number)
                node = node.children.setdefault(number, _Node())
        node.ends.append(phrase)

    def _number(self, element: str) -> int:
        forms: set[str] = set()
        for alternative in element.split("|"):
            if alternative.startswith("@"):
                forms |= self.classes[alternative[1:]]
            else:
                forms.add(alternative)
        known = self._alternatives.setdefault(frozenset(forms), len(self._alternatives))
        if known == len(self._alternatives) - 1:
            for form in forms:
                table, key = (self._stems, form[:-1]) if form[-1] == "*" else (self._exact, form)
                numbers = table.setdefault(key, [])
                if known not in numbers:
                    numbers.append(known)
        return known


def _walk(
    forms: tuple[_Form, ...], first: int, pending: list[tuple[_Node, int]], hits: list[Hit]
) -> None:
    """Follow the phrases that start at `first` as long as the words of their sentence match."""
    n = len(forms)
    while pending:
        node, at = pending.pop()
        inside = at < n
        if node.ends:
            hits.extend([Hit(phrase, first, at) for phrase in node.ends])
        if node.closing and not inside:
            hits.extend([Hit(phrase, first, at) for phrase in node.closing])
        if not inside:
            continue
        common = node.keys & forms[at].elements
        if common:
            children, after = node.children, at + 1
            for element in common:
                pending.append((children[element], after))
        if node.anything is not None:
            pending.append((node.anything, at + 1))
        if node.gap is not None:
            for skipped in range(at, min(n, at + node.gap_length + 1)):
                pending.append((node.gap, skipped))


def _phrase(family: ElementTree.Element, group: ElementTree.Element) -> Phrase:
    def setting(name: str, default: str) -> str:
        return group.get(name, family.get(name, default))

    return Phrase(
        family.get("name", ""),
        float(group.get("weight", "1")),
        _NEGATIONS[setting("negation", "cancel")],
        _QUESTIONS[setting("question", "keep")],
        setting("value", ""),
    )


def _heaviest(hits: list[Hit]) -> list[Hit]:
    """Of overlapping hits of one family and value only the heaviest (then the longest)."""
    if len(hits) < 2:
        return hits
    hits.sort(key=lambda h: (-abs(h.phrase.weight), h.first - h.after, h.first))
    taken: dict[tuple[str, str], int] = {}
    heaviest: list[Hit] = []
    for hit in hits:
        kind = (hit.phrase.family, hit.phrase.value)
        places = taken.get(kind, 0)
        span = (1 << hit.after) - (1 << hit.first)
        if not places & span:
            taken[kind] = places | span
            heaviest.append(hit)
    heaviest.sort(key=lambda h: (h.first, h.after, h.phrase.family, h.phrase.value))
    return heaviest


def _sources(language: str, names: tuple[str, ...]) -> Iterator[str]:
    folder = resources.files("processors") / "lexicons" / language
    for name in names:
        yield (folder / f"{name}.xml").read_text(encoding="utf-8")


@lru_cache(maxsize=16)
def load(language: str, *names: str) -> Lexicon:
    """The lexicon of `language` made of the named files, read once.

    Raises FileNotFoundError for a language or a file that the package does not have.
    """
    return Lexicon(*_sources(language, names))
