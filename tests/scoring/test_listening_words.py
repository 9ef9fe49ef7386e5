"""A word of listening, wherever it is inserted, leaves the scores of a call as they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.lab.training.material import LabelledCall, load_material
from processors.encoder.scorer import EncoderReader
from processors.scoring.call import Conversation, score_calls
from schemas.conversation import CallScore, Speaker, Turn
from tests.scoring.readers import shared_encoder_reader

MOST = 0.03
"""How much one inserted word may change aggression or empathy."""
WORDS = [
    line
    for line in (Path(__file__).parent / "material" / "listening_words.txt")
    .read_text(encoding="utf-8")
    .splitlines()
    if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def reader() -> EncoderReader:
    return shared_encoder_reader()


def spread() -> list[LabelledCall]:
    """Calls of authors that nothing was learned from: calm, warm, pressing and aggressive ones."""
    calls = [call for call in load_material("test").calls if call.aggression is not None]
    calls.sort(key=lambda call: (call.aggression or 0.0, call.empathy or 0.0))
    return calls[::6]


def scores_of(turns: Sequence[Sequence[Turn]], reader: EncoderReader) -> list[CallScore]:
    return score_calls([Conversation(each, "it") for each in turns], reader)


def test_a_word_of_listening_changes_no_call(reader: EncoderReader) -> None:
    changed = []
    for call in spread():
        places = (0, len(call.turns) // 3, 2 * len(call.turns) // 3, len(call.turns))
        variants = [
            (word, place, [*call.turns[:place], _listening(word), *call.turns[place:]])
            for word in WORDS
            for place in places
        ]
        [before] = scores_of([call.turns], reader)
        after = scores_of([turns for _, _, turns in variants], reader)
        for (word, place, _), score in zip(variants, after, strict=True):
            moved = max(
                abs((score.aggression or 0.0) - (before.aggression or 0.0)),
                abs((score.empathy or 0.0) - (before.empathy or 0.0)),
            )
            if moved >= MOST:
                changed.append((round(moved, 3), word, call.call_id, place))
    assert not changed, sorted(changed, reverse=True)[:20]


def test_many_words_of_listening_make_no_calm_call_aggressive(reader: EncoderReader) -> None:
    calm = [call for call in spread() if call.aggression == 0.0]
    filled = [
        [turn for said in call.turns for turn in (said, _listening(next(words)))]
        for call in calm
        for words in [iter(WORDS)]
    ]
    before = scores_of([call.turns for call in calm], reader)
    after = scores_of(filled, reader)
    for plain, listened in zip(before, after, strict=True):
        assert (listened.aggression or 0.0) - (plain.aggression or 0.0) < 0.1


def _listening(word: str) -> Turn:
    return Turn(speaker=Speaker.OPERATOR, text=word)
