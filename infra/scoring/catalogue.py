"""The scorers by their names: what entry points build and pass in."""

from __future__ import annotations

from infra.scoring.sentence_encoder import SentenceEncoder
from infra.settings import ScorerName
from processors.encoder.scorer import EncoderReader
from processors.scoring.lexicon_scorer import LexiconReader
from processors.scoring.scorer import TurnReader


def scorer_of(name: ScorerName) -> TurnReader:
    """The scorer of that name; its weights are read at the first turn."""
    return LexiconReader() if name == "lexicon" else EncoderReader(SentenceEncoder())
