"""From the pieces of one channel's speech to who says each: operator, customer, or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from processors.attempts.answering import with_machine_turns
from processors.encoder.protocol import Encoder
from processors.speakers.features import observed
from processors.speakers.model import SpeakerWeights, learned, operator_probabilities
from processors.speakers.pieces import Piece, pieces_of
from processors.text.tokens import LANGUAGES, has_words
from processors.transcript.turns import Segment, merge_turns
from schemas.conversation import Speaker

CERTAIN = 0.75
"""Probability of a speaker from which a piece is his; below it stays `unknown`."""

LEAST_CERTAIN_SHARE = 0.35
"""Share of a call's words that must be certain; with less all of the call stays `unknown`."""

MOST_TOGETHER = 400
"""Pieces that are weighed together; a longer call is taken part by part."""


def attributed(
    stretches: Sequence[Segment],
    language: str,
    encoder: Encoder,
    weights: SpeakerWeights | None = None,
) -> list[Segment] | None:
    """What was said in one channel, cut where the speaker may change, each part with its speaker.

    None where the call does not show who is the operator: another language than those whose words
    are known, no words, or too few that are certain.

    Args:
        stretches: the stretches of speech; their speakers do not count.
        language: two letters.
        encoder: gives the meaning of a text.
        weights: the packaged ones by default.
    """
    if language not in LANGUAGES:
        return None
    pieces = [piece for piece in pieces_of(stretches) if has_words(piece.text)]
    people = _of_people(pieces)
    spoken = [piece for piece, person in zip(pieces, people, strict=True) if person]
    if not spoken:
        return None
    weights = weights or learned()
    parts = [
        operator_probabilities(weights, observed(part, language, encoder))
        for part in _parts(spoken)
    ]
    speakers = decided(np.concatenate(parts), [len(piece.segment.words) for piece in spoken])
    if speakers is None:
        return None
    named = iter(speakers)
    return [
        Segment(next(named) if person else Speaker.UNKNOWN, piece.segment.words)
        for piece, person in zip(pieces, people, strict=True)
    ]


def decided(
    operator: NDArray[np.float64], words: Sequence[int], certain: float = CERTAIN
) -> list[Speaker] | None:
    """The speakers of pieces, by the probability of the operator in each.

    None where the certain pieces have less than `LEAST_CERTAIN_SHARE` of the `words`, or are all of
    one speaker.
    """
    speakers = [
        Speaker.OPERATOR
        if p >= certain
        else Speaker.CUSTOMER
        if p <= 1 - certain
        else Speaker.UNKNOWN
        for p in operator
    ]
    known = sum(n for n, who in zip(words, speakers, strict=True) if who is not Speaker.UNKNOWN)
    both = {Speaker.OPERATOR, Speaker.CUSTOMER} <= set(speakers)
    return speakers if both and known >= LEAST_CERTAIN_SHARE * sum(words) else None


def _of_people(pieces: Sequence[Piece]) -> list[bool]:
    """Whether each piece may be a person's: not a voicemail's, nor an announcement's."""
    turns = [turn for piece in pieces for turn in merge_turns([piece.segment])]
    unknown = [turn.model_copy(update={"speaker": Speaker.UNKNOWN}) for turn in turns]
    return [turn.speaker is not Speaker.MACHINE for turn in with_machine_turns(unknown)]


def _parts(pieces: Sequence[Piece]) -> list[Sequence[Piece]]:
    count = -(-len(pieces) // MOST_TOGETHER)
    cuts = [len(pieces) * number // count for number in range(count + 1)]
    return [pieces[begin:end] for begin, end in pairwise(cuts)]
