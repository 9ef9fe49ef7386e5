"""Scorers that tests share: to load one takes seconds, and what it has read before changes nothing.

`tests/scoring/test_encoder_reader.py` holds the latter, with readers of its own.
"""

from __future__ import annotations

from functools import cache

from infra.scoring.catalogue import ScorerName, scorer_of
from infra.scoring.sentence_encoder import SentenceEncoder
from processors.encoder.scorer import EncoderReader
from processors.scoring.scorer import TurnReader


@cache
def shared_reader(name: ScorerName) -> TurnReader:
    """The scorer of that name."""
    return shared_encoder_reader() if name == "encoder" else scorer_of(name)


@cache
def shared_encoder_reader() -> EncoderReader:
    """The learned scorer."""
    return EncoderReader(shared_encoder())


@cache
def shared_encoder() -> SentenceEncoder:
    """What it embeds sentences with."""
    return SentenceEncoder()
