"""The learned scorer on turns and calls of four authors it never learned from.

`python -m infra.lab.training evaluate` prints the same figures; the bars stand a little below them.
"""

from __future__ import annotations

import pytest

from infra.lab.training.evaluation import Figures, evaluate
from infra.lab.training.material import Material, load_material
from processors.scoring.lexicon_scorer import LexiconReader
from tests.scoring.readers import shared_encoder_reader

BARS = {
    "aggression_auc": 0.925,
    "aggression_auc_hard": 0.89,
    "aggression_auc_en": 0.92,
    "aggressive_over_pressing_auc": 0.87,
    "empathy_auc": 0.96,
    "empathy_auc_hard": 0.94,
    "threat_turn_f1": 0.79,
    "sentiment_accuracy": 0.78,
    "churn_f1": 0.8,
    "promise_f1": 0.86,
    "drivers_micro_f1": 0.71,
    "call_threat_f1": 0.85,
    "call_drivers_micro_f1": 0.72,
    "call_aggression_rank_correlation": 0.88,
    "call_empathy_rank_correlation": 0.88,
    "call_aggression_auc": 0.96,
    "call_change_sign": 0.8,
    "call_spoken_rating_accuracy": 0.95,
}


FORMULA_WORDS = 5
"""Words of a formula, such as a word of listening, that any author may write."""


@pytest.fixture(scope="module")
def figures() -> Figures:
    return evaluate(load_material("test"), shared_encoder_reader())


@pytest.mark.parametrize("name", BARS)
def test_figure_is_above_its_bar(figures: Figures, name: str) -> None:
    value = figures[name]
    assert value is not None
    assert value >= BARS[name]


def test_scores_of_calls_are_near_what_listeners_say_of_the_whole_call(figures: Figures) -> None:
    assert figures["rated_calls"] == 48
    for name in ("aggression", "empathy"):
        assert (figures[f"call_{name}_mean_absolute_error"] or 1.0) <= 0.1
    assert figures["very_aggressive_calls_with_empathy"] == 0


def test_means_are_in_the_order_of_the_levels(figures: Figures) -> None:
    means = {
        level: figures[f"mean_aggression_{level}"] or 0.0
        for level in ("aggressive", "pressing", "neutral", "empathic")
    }
    assert means["aggressive"] > means["pressing"] + 0.2
    assert means["pressing"] > max(means["neutral"], means["empathic"]) + 0.1


def test_beats_the_baseline_clearly(figures: Figures) -> None:
    baseline = evaluate(load_material("test"), LexiconReader())
    for name in ("aggression_auc", "aggression_auc_hard", "empathy_auc", "drivers_micro_f1"):
        assert (figures[name] or 0.0) > (baseline[name] or 0.0) + 0.1


def _texts(material: Material) -> set[str]:
    operators = {turn.said.text for turn in material.operators}
    return operators | {turn.said.text for turn in material.customers}


def test_nothing_but_short_formulas_is_both_learned_from_and_measured_on() -> None:
    learned, measured = load_material("train"), load_material("test")
    both = _texts(learned) & _texts(measured)
    assert not {text for text in both if len(text.split()) > FORMULA_WORDS}
