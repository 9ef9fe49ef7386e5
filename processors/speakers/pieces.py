"""Cuts transcribed speech where the speaker may change: at pauses and at the ends of sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from processors.transcript.turns import Segment, Word

WORD_GAP = 0.15
"""Seconds between two words from which the speaker may change without the end of a sentence."""

_ENDS = (".", "?", "!", "…")


class Piece(NamedTuple):
    """Words that one person says in a run, as far as pauses and punctuation show it."""

    segment: Segment
    pause: float
    """Seconds of silence before it, by voice activity or the words' times; 0 for the first."""
    joined: bool
    """Whether voice activity found no pause before it."""

    @property
    def text(self) -> str:
        """What was said."""
        return self.segment.text


def pieces_of(stretches: Iterable[Segment]) -> list[Piece]:
    """The pieces of the stretches of speech of one channel, in order of time."""
    ordered = sorted(stretches, key=lambda stretch: (stretch.start, stretch.end))
    pieces: list[Piece] = []
    for stretch in ordered:
        for number, words in enumerate(_runs(stretch.words)):
            segment = Segment(stretch.speaker, tuple(words))
            if not segment.text:
                continue
            pause = max(0.0, segment.start - pieces[-1].segment.end) if pieces else 0.0
            pieces.append(Piece(segment, pause, joined=number > 0))
    return pieces


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in words:
        if run and (_ends_sentence(run[-1]) or word.start - run[-1].end >= WORD_GAP):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _ends_sentence(word: Word) -> bool:
    return word.text.rstrip(' "»”)').endswith(_ENDS)
