"""The scorer's figures on labelled material, through `score_call` as calls are scored."""

from __future__ import annotations

from collections.abc import Sequence

from infra.lab.training.learning import before_rating
from infra.lab.training.material import CustomerTurn, Material, OperatorTurn
from infra.lab.training.measures import auc, correlation, f1_of, nps, rank_correlation
from processors.encoder.network import LEVELS
from processors.encoder.scorer import SIDED
from processors.scoring.call import score_call
from processors.scoring.scorer import TurnReader, Utterance
from schemas.conversation import CallScore, Driver, Rule, Speaker, Turn

Figures = dict[str, float | None]
_THREATS = (Rule.THREAT, Rule.FALSE_THREAT)


def evaluate(material: Material, reader: TurnReader) -> Figures:
    """Every figure, rounded to four decimals; null where the material does not allow it."""
    figures = {
        **_operators(material.operators, reader),
        **_customers(material.customers, reader),
        **_calls(material, reader),
        **_rated_calls(material, reader),
    }
    return {name: None if v is None else round(v, 4) for name, v in figures.items()}


def _operators(turns: Sequence[OperatorTurn], reader: TurnReader) -> Figures:
    scores = [_score(turn.said, turn.language, reader) for turn in turns]
    aggression = [score.turns[-1].aggression or 0.0 for score in scores]
    empathy = [score.turns[-1].empathy or 0.0 for score in scores]
    harsh = [turn.level in ("aggressive", "pressing") for turn in turns]
    warm = [turn.level == "empathic" for turn in turns]

    def of(values: Sequence[float], truth: Sequence[bool], chosen: Sequence[bool]) -> float | None:
        selected = [(v, t) for v, t, c in zip(values, truth, chosen, strict=True) if c]
        return auc([v for v, _ in selected], [t for _, t in selected])

    every = [True] * len(turns)
    hard = [turn.hard for turn in turns]
    english = [turn.language == "en" for turn in turns]
    italian = [turn.language == "it" for turn in turns]
    figures: Figures = {
        "aggression_auc": of(aggression, harsh, every),
        "aggression_auc_it": of(aggression, harsh, italian),
        "aggression_auc_en": of(aggression, harsh, english),
        "aggression_auc_hard": of(aggression, harsh, hard),
        "aggressive_over_pressing_auc": of(
            aggression, [turn.level == "aggressive" for turn in turns], harsh
        ),
        "empathy_auc": of(empathy, warm, every),
        "empathy_auc_hard": of(empathy, warm, hard),
        "empathy_auc_en": of(empathy, warm, english),
        "threat_turn_f1": f1_of(
            [(turn.threat, _threatens(s)) for turn, s in zip(turns, scores, strict=True)]
        ),
    }
    for level in LEVELS:
        own = [a for turn, a in zip(turns, aggression, strict=True) if turn.level == level]
        figures[f"mean_aggression_{level}"] = sum(own) / len(own) if own else None
    return figures


def _customers(turns: Sequence[CustomerTurn], reader: TurnReader) -> Figures:
    scores = [_score(turn.said, turn.language, reader) for turn in turns]
    both = list(zip(turns, scores, strict=True))
    sentiment = [score.turns[-1].sentiment or 0.0 for score in scores]
    sides = [(value > SIDED) - (value < -SIDED) for value in sentiment]
    right = [side == turn.sentiment for side, turn in zip(sides, turns, strict=True)]
    figures: Figures = {
        "sentiment_accuracy": sum(right) / len(right) if right else None,
        "sentiment_negative_auc": auc([-v for v in sentiment], [t.sentiment < 0 for t in turns]),
        "sentiment_positive_auc": auc(sentiment, [t.sentiment > 0 for t in turns]),
        "churn_f1": f1_of([(turn.leaves, score.churn_intent) for turn, score in both]),
        "promise_f1": f1_of([(turn.promises, score.promise_to_pay) for turn, score in both]),
    }
    found = [(turn.drivers, {d.driver for d in score.drivers}) for turn, score in both]
    figures["drivers_micro_f1"] = f1_of(
        [(driver in true, driver in guess) for true, guess in found for driver in Driver]
    )
    for driver in Driver:
        figures[f"driver_f1_{driver.value}"] = f1_of(
            [(driver in true, driver in guess) for true, guess in found]
        )
    return figures


def _calls(material: Material, reader: TurnReader) -> Figures:
    calls = material.calls
    scores = [score_call(call.turns, call.language, reader) for call in calls]
    both = list(zip(calls, scores, strict=True))
    found = [(call.drivers, {d.driver for d in score.drivers}) for call, score in both]
    figures: Figures = {
        "call_threat_f1": f1_of([(call.threat, _threatens(score)) for call, score in both]),
        "call_churn_f1": f1_of([(call.leaves, score.churn_intent) for call, score in both]),
        "call_promise_f1": f1_of([(call.promises, score.promise_to_pay) for call, score in both]),
        "call_drivers_micro_f1": f1_of(
            [(driver in true, driver in guess) for true, guess in found for driver in Driver]
        ),
        "call_spoken_rating_accuracy": (
            sum(call.rating == score.spoken_rating for call, score in both) / len(both)
            if both
            else None
        ),
    }
    pairs = []
    for call in calls:
        if call.rating is not None:
            turns = before_rating(call.turns, call.language)
            expected = score_call(turns, call.language, reader).predicted_rating
            if expected is not None:
                pairs.append((call.rating, expected))
    return figures | rating_figures(pairs)


VERY_AGGRESSIVE, HARD = 0.8, 0.3
"""From these a call's rated aggression is very great, or hard at all."""
MOST_EMPATHY = 0.25
"""What a very aggressive call may have."""


def _rated_calls(material: Material, reader: TurnReader) -> Figures:
    """Of calls whose authors rated them as a whole."""
    calls = [call for call in material.calls if call.aggression is not None]
    if not calls:
        return {}
    scores = [score_call(call.turns, call.language, reader) for call in calls]
    figures: Figures = {"rated_calls": len(calls)}
    for name in ("aggression", "empathy"):
        given = [float(getattr(call, name)) for call in calls]
        found = [float(getattr(score, name) or 0.0) for score in scores]
        figures[f"call_{name}_rank_correlation"] = rank_correlation(found, given)
        related = correlation(found, given)
        figures[f"call_{name}_reliability"] = None if related is None else related**2
        apart = [abs(a - b) for a, b in zip(given, found, strict=True)]
        figures[f"call_{name}_mean_absolute_error"] = sum(apart) / len(apart)
    aggression = [score.aggression or 0.0 for score in scores]
    hard = [(call.aggression or 0.0) > HARD for call in calls]
    figures["call_aggression_auc"] = auc(aggression, hard)
    figures["very_aggressive_calls_with_empathy"] = sum(
        (call.aggression or 0.0) >= VERY_AGGRESSIVE and (score.empathy or 0.0) > MOST_EMPATHY
        for call, score in zip(calls, scores, strict=True)
    )
    changed = [
        (score.sentiment_change or 0.0) * call.change > 0
        for call, score in zip(calls, scores, strict=True)
        if call.change
    ]
    figures["call_change_sign"] = sum(changed) / len(changed) if changed else None
    return figures


def rating_figures(pairs: Sequence[tuple[int, int]]) -> Figures:
    """Of (given, expected) ratings: mean error, and the NPS of either."""
    if not pairs:
        return {}
    given, expected = [a for a, _ in pairs], [b for _, b in pairs]
    return {
        "rating_mean_absolute_error": sum(abs(a - b) for a, b in pairs) / len(pairs),
        "rating_bias": sum(b - a for a, b in pairs) / len(pairs),
        "nps_given": nps(given),
        "nps_expected": nps(expected),
    }


def _score(said: Utterance, language: str, reader: TurnReader) -> CallScore:
    """The score of a turn with the one before it, if any; the other's own findings left out."""
    turn = Turn(speaker=said.speaker, text=said.text)
    if not said.before:
        return score_call([turn], language, reader)
    other = Speaker.CUSTOMER if said.speaker is Speaker.OPERATOR else Speaker.OPERATOR
    score = score_call([Turn(speaker=other, text=said.before), turn], language, reader)
    return score.model_copy(update={"conduct": [f for f in score.conduct if f.turn == 1]})


def _threatens(score: CallScore) -> bool:
    return any(flag.rule in _THREATS for flag in score.conduct)
