"""Aggression and empathy of a call from its operator's turns, against an independent reference."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.pooling.operator_turns import Manner, OperatorTurn, manner_of_call

PARTS = st.floats(0, 1)
TURN = st.builds(OperatorTurn, st.integers(1, 120), PARTS, PARTS, PARTS, PARTS)
TURNS = st.lists(TURN, min_size=1, max_size=30)


def reference(turns: list[OperatorTurn]) -> tuple[float, float]:
    """The formulas of docs/scores.md, with exact sums."""
    evidence = [min(Fraction(1), Fraction(turn.words, 10)) ** 2 for turn in turns]
    weights = [min(40, turn.words) * share for turn, share in zip(turns, evidence, strict=True)]

    def mean(values: list[Fraction]) -> Fraction:
        return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)

    above = [max(Fraction(0), Fraction(t.harshness) - Fraction(1, 5)) * 5 / 4 for t in turns]
    three = sorted((r * x for r, x in zip(evidence, above, strict=True)), reverse=True)[:3]
    warm = float(mean([Fraction(turn.warmth) for turn in turns]))
    hard = 1 - (1 - float(sum(three) / 12 + mean(above) * 3 / 4)) ** 1.7
    hard *= max(0.0, 1 - 1.4 * max(0.0, warm - hard))
    kind = 1 - (1 - warm * max(0.0, 1 - 1.3 * hard)) ** 2.6
    whole = float(min(Fraction(1), max(Fraction(0), (sum(evidence) - 1) / 2)))
    own_hard = float(mean([Fraction(turn.aggression) for turn in turns]))
    own_kind = float(mean([Fraction(turn.empathy) for turn in turns]))
    return whole * hard + (1 - whole) * own_hard, whole * kind + (1 - whole) * own_kind


def turn(words: int, hard: float, kind: float) -> OperatorTurn:
    return OperatorTurn(words, hard, kind, hard, kind)


def scored(turns: list[OperatorTurn]) -> Manner:
    manner = manner_of_call(turns)
    assert manner is not None
    return manner


@given(TURNS)
def test_a_call_is_scored_as_documented(turns: list[OperatorTurn]) -> None:
    assert scored(turns) == pytest.approx(reference(turns), abs=1e-4)


@given(TURNS)
def test_scores_are_shares_and_the_order_of_turns_does_not_matter(
    turns: list[OperatorTurn],
) -> None:
    manner = scored(turns)
    assert 0 <= manner.aggression <= 1
    assert 0 <= manner.empathy <= 1
    assert scored(turns[::-1]) == pytest.approx(manner, abs=1e-4)


@given(TURNS, st.integers(1, 3), st.floats(0, 0.3), st.floats(0, 0.3), st.integers(0, 30))
def test_a_word_of_listening_changes_hardly_anything(
    turns: list[OperatorTurn], words: int, aggression: float, empathy: float, place: int
) -> None:
    whole = [*turns, *[turn(40, each.harshness, each.warmth) for each in turns[:1] * 3]]
    before, listening = scored(whole), turn(words, aggression, empathy)
    after = scored([*whole[:place], listening, *whole[place:]])
    assert after == pytest.approx(before, abs=0.03)


@given(TURN)
def test_a_turn_alone_has_its_own_scores(alone: OperatorTurn) -> None:
    assert scored([alone]) == pytest.approx((alone.aggression, alone.empathy), abs=1e-4)


def test_one_hard_sentence_shows_and_more_of_them_decide() -> None:
    calm, hard = turn(20, 0.05, 0.3), turn(20, 0.95, 0.0)
    shown = [scored([calm] * (10 - n) + [hard] * n).aggression for n in range(6)]
    assert shown[0] == 0
    assert 0.15 < shown[1] < 0.4
    assert shown[4] > 0.6
    assert shown == sorted(shown)


def test_kind_words_of_a_hard_call_do_not_count() -> None:
    fake = [turn(15, 0.9, 0.05)] * 6 + [turn(15, 0.1, 0.9)] * 4
    assert scored(fake).empathy < 0.25
    assert scored([turn(15, 0.1, 0.9)] * 4).empathy > 0.9


def test_without_turns_there_is_no_score() -> None:
    assert manner_of_call([]) is None
