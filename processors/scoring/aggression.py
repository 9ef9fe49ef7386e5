"""Aggression of an operator's words, 0 to 1.

Cues of six families (threat, ultimatum, belittling, sarcasm, pressure, interrupting) are
joined as independent evidence, 1 - prod(1 - weight). Pressure and ultimatum alone reach at
most `PRESSING_CEILING`, so that pressing stays below aggressive, and the mere tone (weak
cues such as 'subito' or 'guardi') at most `TONE_CEILING`.
"""

from __future__ import annotations

from processors.scoring.cues import any_of, read_turn
from processors.scoring.empathy import raw_empathy
from schemas.conversation import Reason, Speaker

HOSTILE = (
    "aggression.threat",
    "aggression.belittling",
    "aggression.sarcasm",
    "aggression.interrupting",
)
PRESSING = ("aggression.ultimatum", "aggression.pressure")
TONE = "aggression.tone"

PRESSING_CEILING = 0.5
TONE_CEILING = 0.15
SOFTENING = 0.6
"""Share of pressure and tone that full empathy in the same turn takes away; never of threats."""


def aggression_of(text: str, language: str) -> tuple[float, list[Reason]]:
    """Aggression of one operator's turn, and the words that raise it."""
    cues = read_turn(text, language, Speaker.OPERATOR)
    hostile = [c for c in cues if c.family in HOSTILE]
    pressing = [c for c in cues if c.family in PRESSING]
    softened = 1.0 - SOFTENING * raw_empathy(cues)
    tone = sum(c.weight for c in cues if c.family == TONE)
    score = any_of(
        [
            *(c.weight for c in hostile),
            min(PRESSING_CEILING, any_of([c.weight for c in pressing])) * softened,
            max(0.0, min(TONE_CEILING, tone)) * softened,
        ]
    )
    reasons = [c.reason(c.weight) for c in (*hostile, *pressing)]
    return round(score, 4), reasons
