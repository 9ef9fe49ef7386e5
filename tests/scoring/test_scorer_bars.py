"""The learned scorer on turns and calls of two authors it never learned from.

`python -m infra.lab.training evaluate` prints the same figures; the bars stand a little below them.
"""

from __future__ import annotations

import pytest

from infra.lab.training.evaluation import Figures, evaluate
from infra.lab.training.material import Material, load_material
from infra.scoring.sentence_encoder import SentenceEncoder
from processors.encoder.scorer import EncoderReader
from processors.scoring.lexicon_scorer import LexiconReader

BARS = {
    "aggression_auc": 0.95,
    "aggression_auc_hard": 0.93,
    "aggression_auc_en": 0.92,
    "aggressive_over_pressing_auc": 0.91,
    "empathy_auc": 0.97,
    "empathy_auc_hard": 0.95,
    "threat_turn_f1": 0.82,
    "sentiment_accuracy": 0.78,
    "churn_f1": 0.8,
    "promise_f1": 0.86,
    "drivers_micro_f1": 0.71,
    "call_threat_f1": 0.85,
    "call_drivers_micro_f1": 0.76,
    "call_spoken_rating_accuracy": 0.95,
}


@pytest.fixture(scope="module")
def figures() -> Figures:
    return evaluate(load_material("test"), EncoderReader(SentenceEncoder()))


@pytest.mark.parametrize("name", BARS)
def test_figure_is_above_its_bar(figures: Figures, name: str) -> None:
    value = figures[name]
    assert value is not None
    assert value >= BARS[name]


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
    texts, tested = _texts(learned), _texts(measured)
    formulas = {text for text in texts & tested if len(text.split()) <= 3}
    assert texts & tested == formulas
    assert len(formulas) <= 2
