"""What in a text is a machine's (a carrier's, a voicemail's, a menu's), and what a person's."""

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
from processors.text.tokens import Words, cut
from schemas.conversation import Language

LANGUAGES: Final = tuple(Language)
"""Carriers say the same message in both, whatever the callers speak: each text is read in both."""
_FILE: Final = "answering"
_LEAST_MISHEARD: Final = 7
"""Letters of the shortest word that is taken for the one of a message it is a slip away from."""
_ASKED: Final = 0.3
_SOUNDS: Final = 0.45
"""Weight of one unit of the learned sum: at 2.3 the sound alone is sure."""
_LEAST_SOUND: Final = -1.0
_LEAST_SOUNDING: Final = 4
"""Words of the shortest text that is judged by its sound."""
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]+\]")
_ENDS: Final = "machine.ends"
_MACHINE: Final = (_ENDS, "machine.passes")
_HUMAN: Final = ("reports", "answers", "person")
_GREETINGS: Final = frozenset(("buongiorno", "buonasera", "salve", "ciao", "hello", "hi"))
_NUMBER: Final = re.compile(r"\d+")


class Weights(NamedTuple):
    """What speaks for a machine and for a person, 1 and more being sure."""

    ends: float
    """A message after which nobody comes to the phone: not reachable, leave a message."""
    passes: float
    """A message after which a person may come: menus, announcements on hold."""
    reports: int
    """Phrases of somebody who tells of such a message, or of himself."""
    answers: int
    """Phrases of somebody who picks up: 'pronto', 'sono io'."""
    person: int
    """Words in the first person, which announcements do without."""
    sounds: float = 0.0
    """How much the whole sounds like a machine, or a person (below 0), whatever its phrases."""

    @property
    def machine(self) -> float:
        """All that speaks for a machine."""
        return max(0.0, self.ends + self.passes + self.sounds)

    def asked(self) -> Weights:
        """The same in a question: machines state, people ask ('devo premere cancelletto?')."""
        ends, passes, sounds = (_ASKED * of for of in (self.ends, self.passes, self.sounds))
        return self._replace(ends=ends, passes=passes, sounds=sounds)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a text, the characters [start, end), with what it says of who speaks."""

    start: int
    end: int
    weights: Weights
    neutral: bool
    """Whether it says nothing of its own: numbers, a greeting, a tone."""


@lru_cache(maxsize=8192)
def sentences_of(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text, in order; punctuation without words belongs to none."""
    said = cut(text, "it")
    found: list[Sentence] = []
    begun = 0
    while begun < len(said.words):
        after = bisect_right(said.sentences, said.sentences[begun], begun)
        start, end = said.starts[begun], said.ends[after - 1]
        part = text[start:end]
        weights = weights_of(part)
        if said.sentences[begun] in said.questions:
            weights = weights.asked()
        found.append(Sentence(start, end, weights, is_neutral(part)))
        begun = after
    return tuple(found)


@lru_cache(maxsize=8192)
def weights_of(text: str) -> Weights:
    """What the phrases of `text` speak for, in the language that says more of a machine."""
    read = (_weights(text, language) for language in LANGUAGES)
    of_language = max(read, key=lambda of: (of.machine, of.reports + of.answers + of.person))
    return of_language._replace(sounds=_sounds(text))


def _sounds(text: str) -> float:
    if len(text.split()) < _LEAST_SOUNDING:
        return 0.0
    return _SOUNDS * max(_LEAST_SOUND, sounds_announced(text))


class OperatorWords(NamedTuple):
    """What an operator says, where nobody else speaks."""

    opens: bool
    """Says who calls, and why."""
    asks_back: bool
    """Asks to be called back, or says that a message is left."""
    hello: bool
    """Calls for somebody: 'pronto? mi sente?'."""
    other_words: int
    """Words that are of none of these."""


def operator_words(text: str, language: str) -> OperatorWords:
    """How far an operator's text is one that is said to nobody."""
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
    """Whether a text has a word that opens a talk, which a tone or a number has not."""
    return not _GREETINGS.isdisjoint(cut(text, "it").words)


def _weights(text: str, language: str) -> Weights:
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
    return Weights(ends, passes, *(counts[f"human.{kind}"] for kind in _HUMAN))


def _apart(hits: Iterator[Hit]) -> Iterator[Hit]:
    """Hits that do not overlap, the heaviest and longest first."""
    taken = 0
    for hit in sorted(hits, key=lambda h: (-h.phrase.weight, h.first - h.after, h.first)):
        span = (1 << hit.after) - (1 << hit.first)
        if not taken & span:
            taken |= span
            yield hit


def _as_meant(said: Words, language: str) -> Words:
    """`said` with words that are a slip away from a message's own words in their stead."""
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
    """Whether a text says nothing of its own: numbers, a greeting, a tone."""
    words = cut(_PLACEHOLDER.sub(" ", text), "it").words
    neutral = _lexicon("it").classes["neutral"] | _lexicon("en").classes["neutral"]
    return all(word in neutral or _NUMBER.fullmatch(word) or len(word) == 1 for word in words)
