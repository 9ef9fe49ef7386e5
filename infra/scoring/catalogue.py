"""The scorers by their names: what entry points build and pass in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from processors.scoring.scorer import TurnReader

ScorerName = Literal["encoder", "lexicon"]


def scorer_of(name: ScorerName) -> TurnReader:
    """The scorer of that name; its libraries are loaded here, its weights at the first turn."""
    if name == "lexicon":
        from processors.scoring.lexicon_scorer import LexiconReader

        return LexiconReader()
    from infra.scoring.sentence_encoder import SentenceEncoder
    from processors.encoder.scorer import EncoderReader

    return EncoderReader(SentenceEncoder())
