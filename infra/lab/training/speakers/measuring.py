"""Measures the model on calls and voices it has not learned from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infra.lab.training.speakers.learning import CachedEncoder
from infra.lab.training.speakers.material import (
    Example,
    overheard,
    overheard_calls,
    simulated,
    vocabulary_of,
    written_calls,
)
from infra.scoring.catalogue import scorer_of
from processors.encoder.protocol import Encoder
from processors.scoring.call import score_call
from processors.speakers.attribution import CERTAIN, attributed, decided
from processors.speakers.features import observed
from processors.speakers.model import learned, operator_probabilities
from processors.transcript.turns import Segment, merge_turns
from schemas.conversation import Speaker, Turn

SEED = 5
THRESHOLDS = (0.5, 0.6, 0.7, CERTAIN, 0.8, 0.9)


@dataclass
class Counts:
    """Words and turns of calls: how many, decided, and of these right."""

    calls: int = 0
    undecided_calls: int = 0
    words: int = 0
    decided_words: int = 0
    right_words: int = 0
    pieces: int = 0
    decided_pieces: int = 0
    right_pieces: int = 0

    @property
    def words_right(self) -> float:
        """Share of the decided words whose speaker is right."""
        return self.right_words / max(1, self.decided_words)

    @property
    def coverage(self) -> float:
        """Share of the words that are decided."""
        return self.decided_words / max(1, self.words)

    def __str__(self) -> str:
        of_pieces = self.right_pieces / max(1, self.decided_pieces)
        return (
            f"words decided {self.coverage:.3f}, of these right {self.words_right:.3f}; "
            f"pieces decided {self.decided_pieces / max(1, self.pieces):.3f}, right "
            f"{of_pieces:.3f}; calls unknown {self.undecided_calls} of {self.calls}; "
            f"{self.words} words"
        )


@dataclass(frozen=True)
class Moved:
    """How a call's score differs between its two channels and their mono mix."""

    differences: tuple[float, ...]
    calls: int

    def __str__(self) -> str:
        values = np.array(self.differences)
        return (
            f"mean {values.mean():+.3f}, mean absolute {np.abs(values).mean():.3f}, "
            f"n {len(values)} of {self.calls} calls"
        )


def figures() -> Iterator[tuple[str, object]]:
    """Every figure of docs/mono.md, named."""
    encoder = CachedEncoder()
    for form, examples in held_out_examples().items():
        probabilities = [probabilities_of(each, encoder) for each in examples]
        for certain in THRESHOLDS:
            counts = counted(examples, probabilities, certain)
            yield f"{form}, all authors, certain from {certain}", counts
        for author in sorted({each.author for each in examples}):
            own = [n for n, each in enumerate(examples) if each.author == author]
            counts = counted([examples[n] for n in own], [probabilities[n] for n in own], CERTAIN)
            yield f"{form}, author {author}, certain from {CERTAIN}", counts
    for name, moved in moved_scores(encoder).items():
        yield f"{name}: mono less stereo", moved


def held_out_examples() -> dict[str, list[Example]]:
    """The calls of the split test by their form: as written, spoiled, and overheard."""
    chance = np.random.default_rng(SEED)
    calls = written_calls("test")
    vocabulary = vocabulary_of(row for _, row in calls)
    found = {
        "written": [simulated(a, row, chance, vocabulary, spoiled=False) for a, row in calls],
        "spoiled": [simulated(a, row, chance, vocabulary, spoiled=True) for a, row in calls],
        "overheard": [overheard(author, row) for author, row in overheard_calls("test")],
    }
    return {form: [one for one in examples if one.pieces] for form, examples in found.items()}


def probabilities_of(example: Example, encoder: Encoder) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Of each piece, the probability that the operator says it."""
    return operator_probabilities(learned(), observed(example.pieces, example.language, encoder))


def counted(
    examples: Sequence[Example],
    probabilities: Sequence[np.ndarray[Any, np.dtype[np.float64]]],
    certain: float,
) -> Counts:
    """What is decided, and right, where `certain` is the least probability of a speaker."""
    counts = Counts()
    for example, operator in zip(examples, probabilities, strict=True):
        sizes = [len(said) for said in example.speakers]
        speakers = decided(operator, sizes, certain)
        counts.calls += 1
        counts.undecided_calls += speakers is None
        counts.words += sum(sizes)
        counts.pieces += len(sizes)
        named = speakers or [Speaker.UNKNOWN] * len(sizes)
        for speaker, label, said in zip(named, example.labels, example.speakers, strict=True):
            if speaker is not Speaker.UNKNOWN:
                counts.decided_words += len(said)
                counts.right_words += said.count(speaker)
                counts.decided_pieces += 1
                counts.right_pieces += speaker is label
    return counts


def moved_scores(encoder: Encoder) -> dict[str, Moved]:
    """The scores of the overheard test calls from mono less those from their two channels."""
    reader = scorer_of("encoder")
    calls = overheard_calls("test")
    pairs = []
    for author, row in calls:
        inferred = attributed(stretches_of(overheard(author, row)), row["lang"], encoder)
        if inferred is not None:
            stereo = [Turn.model_validate(turn) for turn in row["stereo"]]
            scores = [score_call(t, row["lang"], reader) for t in (merge_turns(inferred), stereo)]
            pairs.append(scores)
    found = {}
    for name in ("aggression", "empathy", "sentiment"):
        both = [(getattr(one, name), getattr(other, name)) for one, other in pairs]
        known = [(one, other) for one, other in both if one is not None and other is not None]
        found[name] = Moved(tuple(one - other for one, other in known), len(calls))
    return found


def stretches_of(example: Example) -> list[Segment]:
    """The stretches of speech that an example's pieces were cut from."""
    stretches: list[Segment] = []
    for piece in example.pieces:
        if piece.joined:
            stretches[-1] = Segment(Speaker.UNKNOWN, stretches[-1].words + piece.segment.words)
        else:
            stretches.append(piece.segment)
    return stretches
