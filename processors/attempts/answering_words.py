"""Which words are a machine's (a carrier's, a voicemail's, a menu's), and which a person's."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from processors.attempts.announcements import sounds_announced
from processors.ratings.vocabulary import is_one_slip_off
from processors.text.lexicon import Hit, Lexicon, load
from processors.text.tokens import LANGUAGES, Words, cut

_FILE: Final = "answering"
_LEAST_MISHEARD: Final = 7
"""Letters of the shortest word that is corrected to a message's word one slip away."""
_ASKED: Final = 0.3
_SOUNDS: Final = 0.45
"""Weight of one unit of the learned logit: at 2.3 the sound alone is sure."""
_LEAST_SOUND: Final = -1.0
_LEAST_SOUNDING: Final = 4
"""Words of the shortest text that is classified by its sound."""
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]+\]")
_ENDS: Final = "machine.ends"
_MACHINE: Final = (_ENDS, "machine.passes")
_HUMAN: Final = ("reports", "answers", "person")
_GREETINGS: Final = frozenset(("buongiorno", "buonasera", "salve", "ciao", "hello", "hi"))
_NUMBER: Final = re.compile(r"\d+")


class Evidence(NamedTuple):
    """The evidence for a machine and for a person; 1 and more is sure."""

    ends: float
    """A message after which nobody comes to the phone: not reachable, leave a message."""
    passes: float
    """A message after which a person may come: menus, announcements on hold."""
    reports: int
    """Phrases of somebody who reports such a message, or speaks of himself."""
    answers: int
    """Phrases of somebody who picks up: 'pronto', 'sono io'."""
    person: int
    """Words in the first person, which announcements do without."""
    sounds: float = 0.0
    """How much the text sounds like a machine, or a person (below 0), whatever its phrases."""

    @property
    def machine(self) -> float:
        """All evidence for a machine."""
        return max(0.0, self.ends + self.passes + self.sounds)

    def asked(self) -> Evidence:
        """The same in a question: machines state, people ask ('devo premere cancelletto?')."""
        ends, passes, sounds = (_ASKED * of for of in (self.ends, self.passes, self.sounds))
        return self._replace(ends=ends, passes=passes, sounds=sounds)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a text, the characters [start, end), with what shows who speaks."""

    start: int
    end: int
    text: str
    asked: bool
    """Whether it is a question."""

    @property
    def phrases(self) -> Evidence:
        """The evidence of its phrases, whatever it sounds like."""
        evidence = _phrases_of(self.text)
        return evidence.asked() if self.asked else evidence

    @property
    def evidence(self) -> Evidence:
        """All its evidence."""
        evidence = evidence_of(self.text)
        return evidence.asked() if self.asked else evidence

    @property
    def neutral(self) -> bool:
        """Whether it is only numbers, a greeting or a tone."""
        return is_neutral(self.text)


@lru_cache(maxsize=8192)
def sentences_of(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text, in order; punctuation without words belongs to none."""
    said = cut(text, "it")
    found: list[Sentence] = []
    first = 0
    while first < len(said.words):
        after = bisect_right(said.sentences, said.sentences[first], first)
        start, end = said.starts[first], said.ends[after - 1]
        asked = said.sentences[first] in said.questions
        found.append(Sentence(start, end, text[start:end], asked))
        first = after
    return tuple(found)


@lru_cache(maxsize=8192)
def evidence_of(text: str) -> Evidence:
    """The evidence of `text`, in the language that shows more of a machine.

    Carriers say the same message in both languages, whatever the callers speak.
    """
    return _phrases_of(text)._replace(sounds=_sounds(text))


@lru_cache(maxsize=8192)
def _phrases_of(text: str) -> Evidence:
    read = (_evidence(text, language) for language in LANGUAGES)
    return max(read, key=lambda of: (of.machine, of.reports + of.answers + of.person))


def _sounds(text: str) -> float:
    if len(text.split()) < _LEAST_SOUNDING:
        return 0.0
    return _SOUNDS * max(_LEAST_SOUND, sounds_announced(text))


class OperatorWords(NamedTuple):
    """What an operator's words are, where nobody else speaks."""

    opens: bool
    """Whether they say who calls, and why."""
    asks_back: bool
    """Whether they ask to be called back, or leave a message."""
    hello: bool
    """Whether they call for somebody: 'pronto? mi sente?'."""
    other_words: int
    """How many words are none of these."""


def operator_words(text: str, language: str) -> OperatorWords:
    """What shows that an operator's text is said to nobody."""
    said = cut(text, language)
    hits = [h for h in _lexicon(language).find(said) if h.phrase.family.startswith("operator.")]
    families = {hit.phrase.family for hit in hits}
    covered = {place for hit in hits for place in range(hit.first, hit.after)}
    return OperatorWords(
        "operator.opening" in families,
        "operator.message" in families,
        "operator.hello" in families,
        len(said.words) - len(covered),
    )


def greets(text: str) -> bool:
    """Whether a text has a greeting, which a tone or a number has not."""
    return not _GREETINGS.isdisjoint(cut(text, "it").words)


def _evidence(text: str, language: str) -> Evidence:
    lexicon = _lexicon(language)
    said = cut(text, language)
    hits = lexicon.find(said)
    if any(hit.phrase.family in _MACHINE for hit in hits):
        hits = lexicon.find(_as_meant(said, language))
    ends, passes = 0.0, 0.0
    for hit in _apart(hit for hit in hits if hit.phrase.family in _MACHINE):
        if hit.phrase.family == _ENDS:
            ends += hit.phrase.weight
        else:
            passes += hit.phrase.weight
    counts = Counter(hit.phrase.family for hit in hits)
    return Evidence(ends, passes, *(counts[f"human.{kind}"] for kind in _HUMAN))


def _apart(hits: Iterator[Hit]) -> Iterator[Hit]:
    """Hits that do not overlap, the heaviest and longest first."""
    taken = 0
    for hit in sorted(hits, key=lambda h: (-h.phrase.weight, h.first - h.after, h.first)):
        span = (1 << hit.after) - (1 << hit.first)
        if not taken & span:
            taken |= span
            yield hit


def _as_meant(said: Words, language: str) -> Words:
    """`said` with words one slip away from a message's word replaced by it."""
    words = tuple([_meant(word, language) for word in said.words])
    return said if words == said.words else replace(said, words=words)


@lru_cache(maxsize=65_536)
def _meant(word: str, language: str) -> str:
    known = _vocabulary(language)
    if len(word) < _LEAST_MISHEARD or word in known or not word.isalpha():
        return word
    return next((meant for meant in known if is_one_slip_off(word, meant)), word)


@lru_cache(maxsize=2)
def _vocabulary(language: str) -> dict[str, None]:
    """Long words of the messages, in a fixed order."""
    return dict.fromkeys(
        sorted(word for word in _lexicon(language).words() if len(word) >= _LEAST_MISHEARD)
    )


def _lexicon(language: str) -> Lexicon:
    return load(language if language in LANGUAGES else LANGUAGES[0], _FILE)


def is_neutral(text: str) -> bool:
    """Whether a text is only numbers, a greeting or a tone."""
    words = cut(_PLACEHOLDER.sub(" ", text), "it").words
    neutral = _lexicon("it").classes["neutral"] | _lexicon("en").classes["neutral"]
    return all(word in neutral or _NUMBER.fullmatch(word) or len(word) == 1 for word in words)
