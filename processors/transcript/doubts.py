"""What the transcriber doubts in a call, and what is therefore not scored.

A doubt is a word that `why` repeats: `crosstalk` (in places the channels cannot be distinguished,
and the turns there have speaker `unknown`), `language:en` (the call was not spoken in the declared
language), `operator_language:en`, `customer_language:en` (one of the two spoke another),
`speakers_inferred` (who speaks was inferred, and the client company does not want such scores).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.conversation import Speaker, Turn

CROSSTALK = "crosstalk"
SPEAKERS_INFERRED = "speakers_inferred"
_CALL = "language:"


def of_the_call(doubts: Iterable[str]) -> list[str]:
    """The doubts because of which nothing of the call is scored."""
    return [doubt for doubt in doubts if doubt.startswith(_CALL) or doubt == SPEAKERS_INFERRED]


def doubted_speakers(doubts: Iterable[str]) -> dict[Speaker, str]:
    """Whose words are not scored, each with its doubt."""
    return {
        speaker: doubt
        for doubt in doubts
        for speaker in Speaker
        if doubt.startswith(f"{speaker.value}_{_CALL}")
    }


def without(turns: Sequence[Turn], speakers: Iterable[Speaker]) -> list[Turn]:
    """`turns` in their places, those of `speakers` without their words."""
    silent = frozenset(speakers)
    return [
        turn.model_copy(update={"text": ""}) if turn.speaker in silent else turn for turn in turns
    ]
