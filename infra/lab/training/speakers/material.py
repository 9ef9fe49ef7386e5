"""Calls as the model sees them, each piece with its true speaker: overheard, or made from texts.

Written calls are spoiled as transcription spoils them: misheard and lost words, lost full stops,
pauses within sentences and none between turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from infra.lab.training.material import FOLDER
from processors.speakers.pieces import Piece, pieces_of
from processors.transcript.turns import Segment, Word
from schemas.conversation import Speaker

STRETCH_PAUSE = 0.2
"""Seconds of silence that separate two stretches of speech, as voice activity does."""

_SHORT = 3
_LETTERS = "aeiorlntsdcpm"
_MISHEARD, _LOST, _SHORT_LOST = 0.12, 0.03, 0.08
_UNPUNCTUATED = 0.2
"""Share of the calls that have lost most of their punctuation."""

DEMO = "demo"
"""Author of the demo's calls, which are no labelled material."""


class Example(NamedTuple):
    """A call, or a part of one: its pieces, and who says each word of each."""

    name: str
    author: str
    language: str
    pieces: list[Piece]
    speakers: list[list[Speaker]]
    whole: bool
    """Whether it begins where the call begins."""

    @property
    def labels(self) -> list[Speaker]:
        """Of each piece, the speaker of most of its words."""
        return [max(Speaker, key=said.count) for said in self.speakers]


def written_calls(split: str) -> list[tuple[str, dict[str, Any]]]:
    """The labelled calls of a split, each with its author (the letters its file begins with)."""
    return [
        (path.name.partition("_")[0], row)
        for path in sorted((FOLDER / split).glob("*_calls*.jsonl"))
        for row in _rows(path)
    ]


def overheard_calls(split: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls of a split as transcribed from mono mixes, each with its author."""
    authors = {row["id"]: author for author, row in written_calls(split)}
    rows = _rows(FOLDER / "overheard" / f"{split}.jsonl")
    return [(authors.get(row["id"], DEMO), row) for row in rows]


def overheard(author: str, row: dict[str, Any]) -> Example:
    """A call as it was transcribed from its mono mix."""
    stretches = [
        Segment(Speaker.UNKNOWN, tuple(Word(w[0], w[1], w[2], w[3]) for w in words))
        for words in row["stretches"]
        if words
    ]
    names = {"o": Speaker.OPERATOR, "c": Speaker.CUSTOMER}
    said = [[names[w[4]] for w in words] for words in row["stretches"] if words]
    return _example(row["id"], author, row["lang"], stretches, said)


def simulated(
    author: str,
    row: dict[str, Any],
    chance: np.random.Generator,
    vocabulary: Sequence[str],
    *,
    spoiled: bool,
    whole: bool = True,
) -> Example:
    """A written call with times, and where `spoiled`, with a transcriber's errors."""
    stretches: list[list[Word]] = [[]]
    said: list[list[Speaker]] = [[]]
    clock = 0.0
    bare = spoiled and chance.random() < _UNPUNCTUATED
    for turn in row["turns"]:
        clock += _pause_between_turns(chance) if clock else 0.0
        speaker = Speaker(turn["speaker"])
        words = turn["text"].split()
        for number, text in enumerate(words):
            if number:
                clock += _pause_within(words[number - 1], chance)
            end = clock + 0.12 + 0.05 * len(text)
            heard = _misheard(text, chance, vocabulary, bare=bare) if spoiled else text
            if heard:
                if stretches[-1] and clock - stretches[-1][-1].end >= STRETCH_PAUSE:
                    stretches.append([])
                    said.append([])
                stretches[-1].append(Word(clock, end, f" {heard}", 1.0))
                said[-1].append(speaker)
            clock = end
    segments = [Segment(Speaker.UNKNOWN, tuple(words)) for words in stretches if words]
    labels = [each for each in said if each]
    return _example(row["id"], author, row.get("lang", "it"), segments, labels, whole=whole)


def vocabulary_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The words that one may be misheard as."""
    return [word for row in rows for turn in row["turns"] for word in turn["text"].split()]


def _example(
    name: str,
    author: str,
    language: str,
    stretches: Sequence[Segment],
    said: Sequence[Sequence[Speaker]],
    *,
    whole: bool = True,
) -> Example:
    speakers = {
        id(word): speaker
        for stretch, of_words in zip(stretches, said, strict=True)
        for word, speaker in zip(stretch.words, of_words, strict=True)
    }
    pieces = pieces_of(stretches)
    of_pieces = [[speakers[id(word)] for word in piece.segment.words] for piece in pieces]
    return Example(name, author, language, pieces, of_pieces, whole)


def _pause_between_turns(chance: np.random.Generator) -> float:
    return float(np.clip(chance.normal(0.3, 0.35), 0.0, 1.6))


def _pause_within(before: str, chance: np.random.Generator) -> float:
    drawn = chance.random()
    if before[-1:] in ".?!…":
        return float(chance.uniform(0.2, 0.8)) if drawn < 0.65 else 0.05
    if before[-1:] in ",;:":
        return float(chance.uniform(0.15, 0.5)) if drawn < 0.4 else 0.02
    return float(chance.uniform(0.15, 0.5)) if drawn < 0.03 else 0.0


def _misheard(
    text: str, chance: np.random.Generator, vocabulary: Sequence[str], *, bare: bool
) -> str:
    stop = text[-1] if text[-1:] in ".,?!…" else ""
    word = text.rstrip(".,?!…")
    if chance.random() < (_SHORT_LOST if len(word) <= _SHORT else _LOST):
        return ""
    if chance.random() < _MISHEARD:
        if chance.random() < 0.4:
            word = vocabulary[int(chance.integers(len(vocabulary)))].rstrip(".,?!…")
        elif word:
            at = int(chance.integers(len(word)))
            letter = _LETTERS[chance.integers(len(_LETTERS))]
            word = word[:at] + letter + word[at + int(chance.random() < 0.7) :]
    if stop and chance.random() < (0.85 if bare else 0.12):
        stop = "," if chance.random() < 0.4 else ""
    return (word.lower() if bare else word) + stop


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)
