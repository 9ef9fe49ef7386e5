"""What the transcriber doubts of a call, and what is not scored for it.

A doubt is a word that `why` repeats: `crosstalk` (the channels cannot be told apart in places, the
turns there are of speaker `unknown`), `language:en` (the call was spoken in another language than
the declared one), `operator_language:en`, `customer_language:en` (one of the two spoke another).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.conversation import Speaker, Turn

CROSSTALK = "crosstalk"
_CALL = "language:"


def of_the_call(doubts: Iterable[str]) -> list[str]:
    """The doubts for which nothing of the call is scored."""
    return [doubt for doubt in doubts if doubt.startswith(_CALL)]


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
