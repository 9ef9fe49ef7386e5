"""The figures of cross-validation, from sums that no head had learned from."""

from __future__ import annotations

import numpy as np

from infra.lab.training.evaluation import Figures
from infra.lab.training.fitting import INTENTS
from infra.lab.training.learning import Learned, OutOfFold
from infra.lab.training.material import Material
from infra.lab.training.measures import auc, f1
from processors.encoder.network import SENTIMENTS, Vector
from processors.encoder.probabilities import operator_probabilities
from schemas.conversation import Driver


def figures_out_of_fold(
    material: Material, learned: Learned, sums: OutOfFold, thresholds: dict[str, float]
) -> Figures:
    """Figures of whole turns, each judged by heads that had not seen its author."""
    chances = [operator_probabilities(row) for row in sums.operators]
    aggression = np.array([chance.aggression for chance in chances])
    empathy = np.array([chance.empathy for chance in chances])
    threat = np.array([chance.threat for chance in chances])
    harsh = np.array([turn.level in ("pressing", "aggressive") for turn in material.operators])
    aggressive = np.array([turn.level == "aggressive" for turn in material.operators])
    warm = np.array([turn.level == "empathic" for turn in material.operators])
    hard = np.array([turn.hard for turn in material.operators])
    english = np.array([turn.language == "en" for turn in material.operators])
    figures: Figures = {
        "operator_turns": len(learned.levels),
        "customer_turns": len(learned.sides),
        "aggression_auc": auc(aggression, harsh),
        "aggression_auc_hard": auc(aggression[hard], harsh[hard]),
        "aggression_auc_en": auc(aggression[english], harsh[english]),
        "aggressive_over_pressing_auc": auc(aggression[harsh], aggressive[harsh]),
        "empathy_auc": auc(empathy, warm),
        "empathy_auc_hard": auc(empathy[hard], warm[hard]),
        "threat_auc": auc(threat, learned.threats),
        "threat_f1": f1(learned.threats, threat >= thresholds["threatens"]),
    }
    labels = _chances(sums.customers)[:, len(SENTIMENTS) :]
    for place, intent in enumerate(INTENTS):
        truth = learned.labels[:, place]
        figures[f"{intent}_f1"] = f1(truth, labels[:, place] >= thresholds[intent])
    drivers, found = learned.labels[:, len(INTENTS) :], labels[:, len(INTENTS) :]
    shared = thresholds[next(iter(Driver)).value]
    figures["drivers_micro_f1"] = f1(drivers.ravel(), found.ravel() >= shared)
    for place, driver in enumerate(Driver):
        figures[f"driver_f1_{driver.value}"] = f1(drivers[:, place], found[:, place] >= shared)
    if sums.calls is not None:
        truth, predicted = sums.calls.truth, sums.calls.found
        figures["call_drivers_micro_f1"] = f1(truth.ravel(), predicted.ravel())
        for place, driver in enumerate(Driver):
            figures[f"call_driver_f1_{driver.value}"] = f1(truth[:, place], predicted[:, place])
    return figures | {f"threshold_{name}": value for name, value in thresholds.items()}


def _chances(sums: Vector) -> Vector:
    return np.asarray(1.0 / (1.0 + np.exp(-sums)))
