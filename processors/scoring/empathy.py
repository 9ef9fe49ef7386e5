"""Empathy of an operator's words, 0 to 1.

Cues of seven families (acknowledging, apologising, hardship, plan, helping, reassuring,
thanking) are joined as independent evidence, 1 - prod(1 - weight). Kind words that carry a
threat or pressure are worth less: the score is multiplied by 1 - `DISBELIEF` x aggression.
"""

from __future__ import annotations

from collections.abc import Sequence

from processors.scoring.cues import Cue, any_of
from schemas.conversation import Reason

DISBELIEF = 0.9


def raw_empathy(cues: Sequence[Cue]) -> float:
    """Empathy of a turn's cues before anything hostile in it is considered."""
    return any_of([c.weight for c in cues if c.family.startswith("empathy.")])


def empathy_of(cues: Sequence[Cue], aggression: float) -> tuple[float, list[Reason]]:
    """Empathy of one operator's turn whose aggression is known, and the words that raise it."""
    score = raw_empathy(cues) * max(0.0, 1.0 - DISBELIEF * aggression)
    reasons = [c.reason(c.weight) for c in cues if c.family.startswith("empathy.")]
    return round(score, 4), reasons
