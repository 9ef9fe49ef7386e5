"""The scorers by their names: what entry points build and pass in."""

from __future__ import annotations

from infra.encoders import SentenceEncoder
from infra.settings import ScorerName
from processors.encoder_reader import EncoderReader
from processors.lexicon_reader import LexiconReader
from processors.turn_reading import TurnReader


def scorer_of(name: ScorerName) -> TurnReader:
    """The scorer of that name; its weights are read at the first turn."""
    return LexiconReader() if name == "lexicon" else EncoderReader(SentenceEncoder())
