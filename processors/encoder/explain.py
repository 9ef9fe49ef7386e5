"""The words of a turn that carry a score, for a person to check it by."""

from __future__ import annotations

from collections.abc import Callable

from processors.encoder.rounds import Steps
from processors.scoring.cues import read_turn
from processors.scoring.scorer import Utterance
from processors.text.clauses import clauses_of, sentences_of
from schemas.conversation import Reason

FLOOR = 0.3
"""Aggression or empathy of a turn from which reasons are given."""
LEAST_SHARE = 0.6
"""Share of the turn's score that a part must reach alone to be quoted without the rest."""

Alone = Callable[[str], float]
"""The score of a part of the turn as if nothing else had been said."""


def best_part(utterance: Utterance, alone: Alone) -> Steps[str]:
    """The part of a turn that carries its score: the best sentence, a clause of it, or all.

    A part carries it where it alone has at least `LEAST_SHARE` of the whole turn's score.
    """
    whole = utterance.text.strip()
    yield [utterance._replace(text=text) for text in (whole, *sentences_of(whole))]
    needed = LEAST_SHARE * alone(whole)
    part = whole
    for cut in (sentences_of, clauses_of):
        parts = cut(part)
        if len(parts) > 1:
            yield [utterance._replace(text=text) for text in parts]
            best = max(parts, key=alone)
            if alone(best) < needed:
                break
            part = best
    return part


def sentence_reason(
    utterance: Utterance, language: str, kind: str, score: float, alone: Alone
) -> Steps[Reason]:
    """The part of a turn that carries `score`.

    Its kind is that of the heaviest phrase of the same sort and side that the lexicon finds in
    that part, where there is one: then the learned score and the lexicon agree. Else it is `kind`.
    """
    part = yield from best_part(utterance, alone)
    sort = kind.partition(".")[0]
    cues = [
        cue
        for cue in read_turn(part, language, utterance.speaker)
        if cue.family.startswith(f"{sort}.") and cue.weight * score > 0
    ]
    agreed = max(cues, key=lambda cue: abs(cue.weight)).family if cues else kind
    return Reason(text=part, kind=agreed, weight=round(score, 4))
