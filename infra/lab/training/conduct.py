"""Learns which of an operator's words breach rules of conduct.

`python -m infra.lab.training.conduct learn` writes processors/weights/conduct.npz and prints how
well each rule is found in the turns of authors that were left out. How well it is found in whole
calls, beside the rules of words, `python -m infra.lab.reports.conduct FILE...` says.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from infra.lab.training.fitting import Features, Recipe, features_of, fit_labels
from infra.lab.training.material import FOLDER
from infra.scoring.sentence_encoder import SentenceEncoder
from processors.encoder.breaches import CONDUCT_RULES, CONDUCT_WEIGHTS
from processors.encoder.embedding import TurnEmbeddings
from processors.encoder.network import Head, Vector, sigmoid
from processors.scoring.scorer import Utterance
from processors.transcript.turns import redacted
from schemas.conversation import Language, Rule, Speaker, Turn

RECIPE = Recipe(64, 15, 30.0, 10.0, 0.6, 0.4, 0.4)
"""That of the customers' head, whose labels hold or not, too."""
LIKELY = {Rule.FALSE_THREAT: 0.15, Rule.INSISTENCE: 0.75, Rule.THIRD_PARTY_DISCLOSURE: 0.15}
SURE = {Rule.FALSE_THREAT: 0.5, Rule.INSISTENCE: 0.75, Rule.THIRD_PARTY_DISCLOSURE: 0.5}
"""Thresholds, chosen by whole calls (zd, ze, zf, zg, zj) with their authors left out."""
_SHORT = {"disclosure": Rule.THIRD_PARTY_DISCLOSURE.value}


class LabelledTurn(NamedTuple):
    """An operator's turn with the rules that it breaches."""

    said: Utterance
    author: str
    rules: frozenset[str]


def labelled_turns() -> list[LabelledTurn]:
    """All Italian turns that say which rules they breach, of all material to learn from."""
    own = sorted((FOLDER / "conduct" / "train").glob("*.jsonl"))
    return [*_single_turns(own), *_turns_of_calls(own)]


def _single_turns(own: list[Path]) -> Iterator[LabelledTurn]:
    written = [path for path in own if path.stem.endswith("_conduct")]
    for path in (*written, *sorted((FOLDER / "train").glob("*_operator.jsonl"))):
        for row in _rows(path):
            rules = [row["rule"]] if "rule" in row else row.get("conduct")
            if rules is not None and row.get("lang", "it") == Language.ITALIAN.value:
                said = Utterance(Speaker.OPERATOR, row["text"], row.get("before", ""))
                yield LabelledTurn(said, _author(path), _named(rules))


def _turns_of_calls(own: list[Path]) -> Iterator[LabelledTurn]:
    """Of calls whose breaches are labelled turn by turn; redacted, as the workers see them."""
    written = [path for path in own if path.stem.endswith("_calls")]
    for path in (*written, *sorted((FOLDER / "train").glob("z[defg]_calls.jsonl"))):
        for row in _rows(path):
            turns = [Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"]]
            before = ""
            for place, turn in enumerate(redacted(turns, row["lang"])):
                if turn.speaker is not Speaker.OPERATOR:
                    before = turn.text
                    continue
                rules = [each["rule"] for each in row["conduct"] if each["turn"] == place]
                said = Utterance(Speaker.OPERATOR, turn.text, before)
                yield LabelledTurn(said, _author(path), _named(rules))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _author(path: Path) -> str:
    return path.name.partition("_")[0]


def _named(rules: list[str]) -> frozenset[str]:
    return frozenset(_SHORT.get(rule, rule) for rule in rules)


def learn() -> dict[str, float]:
    """Fit and store the weights; the areas under the curve of each rule, out of fold."""
    turns = labelled_turns()
    embeddings = TurnEmbeddings(SentenceEncoder())
    said = [turn.said for turn in turns]
    features = features_of(said, ["it"] * len(said), embeddings, Speaker.OPERATOR)
    labels = np.array([[rule.value in turn.rules for rule in CONDUCT_RULES] for turn in turns])
    chances = _out_of_fold(features, labels, np.array([turn.author for turn in turns]))
    _store(fit_labels(features, labels.astype(np.int8), RECIPE))
    return {
        rule.value: float(roc_auc_score(labels[:, column], chances[:, column]))
        for column, rule in enumerate(CONDUCT_RULES)
    }


FOLDS = 5


def _out_of_fold(
    features: Features, labels: NDArray[np.bool_], authors: NDArray[np.str_]
) -> Vector:
    """The probabilities of each turn by a head that has seen nothing of its author."""
    chances = np.zeros(labels.shape)
    fold_of = {author: place % FOLDS for place, author in enumerate(sorted(set(authors)))}
    folds = np.array([fold_of[author] for author in authors])
    for fold in range(FOLDS):
        known, left_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        head = fit_labels(features.at(known), labels[known].astype(np.int8), RECIPE)
        for place in left_out:
            row = features.grams[place], features.meaning[place], features.signs[place]
            chances[place] = sigmoid(head.logits_of(*row))
    return chances


def _store(head: Head) -> None:
    thresholds = {
        name: np.array([of[rule] for rule in CONDUCT_RULES])
        for name, of in (("likely", LIKELY), ("sure", SURE))
    }
    path = Path(__file__).parents[3] / "processors" / "weights" / CONDUCT_WEIGHTS
    np.savez_compressed(path, allow_pickle=False, **head.arrays(), **thresholds)


def main() -> None:
    """Run the command of the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["learn"])
    parser.parse_args()
    with threadpool_limits(limits=1):
        for rule, area in learn().items():
            print(f"{rule:36}{area:.3f}")


if __name__ == "__main__":
    main()
