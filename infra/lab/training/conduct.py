"""Learns which of an operator's words breach rules of conduct.

`python -m infra.lab.training.conduct learn` writes processors/weights/conduct.npz and prints how
well each rule is found in the turns of authors that were left out; `... thresholds` prints how well
each pair of thresholds finds it in their whole calls, by which `LIKELY` and `SURE` were chosen. How
well it is found in other calls, `python -m infra.lab.reports.conduct FILE...` says.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
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
from processors.encoder.scorer import EncoderReader
from processors.scoring.call import utterances_of
from processors.scoring.conduct import conduct_of
from processors.scoring.scorer import Breach, Utterance
from processors.transcript.turns import redacted
from schemas.conversation import Language, Rule, Speaker, Turn

RECIPE = Recipe(64, 15, 30.0, 10.0, 0.6, 0.4, 0.4)
"""That of the customers' head, whose labels hold or not, too."""
LIKELY = {Rule.FALSE_THREAT: 0.1, Rule.INSISTENCE: 0.35, Rule.THIRD_PARTY_DISCLOSURE: 0.15}
SURE = {Rule.FALSE_THREAT: 0.15, Rule.INSISTENCE: 0.45, Rule.THIRD_PARTY_DISCLOSURE: 0.4}
"""Thresholds, chosen with authors left out by the mean of two F1s, that of whole calls (zd, ze, zf,
zg, zj) and that of single turns; of those within 0.01 of the best, the best in whole calls. By this
alone a disclosure would be sure from 0.2 on: in zh and zi one ordinary call in six was wrong then.
"""
_SHORT = {"disclosure": Rule.THIRD_PARTY_DISCLOSURE.value}


class LabelledTurn(NamedTuple):
    """An operator's turn with the rules that it breaches."""

    said: Utterance
    author: str
    rules: frozenset[str]
    call: LabelledCall | None = None
    """The call that it is of; None for a turn alone."""
    place: int = 0
    """Its index in the call."""


@dataclass(frozen=True, eq=False)
class LabelledCall:
    """A whole call, redacted, with the rules that are breached somewhere in it."""

    turns: list[Turn]
    language: str
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
            breached = _named([each["rule"] for each in row["conduct"]])
            call = LabelledCall(redacted(turns, row["lang"]), row["lang"], breached)
            before = ""
            for place, turn in enumerate(call.turns):
                if turn.speaker is not Speaker.OPERATOR:
                    before = turn.text
                    continue
                rules = [each["rule"] for each in row["conduct"] if each["turn"] == place]
                said = Utterance(Speaker.OPERATOR, turn.text, before)
                yield LabelledTurn(said, _author(path), _named(rules), call, place)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _author(path: Path) -> str:
    return path.name.partition("_")[0]


def _named(rules: list[str]) -> frozenset[str]:
    return frozenset(_SHORT.get(rule, rule) for rule in rules)


class Material(NamedTuple):
    """What is learned from: a row a turn, a column a rule of `CONDUCT_RULES`."""

    turns: list[LabelledTurn]
    features: Features
    labels: NDArray[np.bool_]

    @classmethod
    def load(cls) -> Material:
        """All turns with their features."""
        turns = labelled_turns()
        embeddings = TurnEmbeddings(SentenceEncoder())
        said = [turn.said for turn in turns]
        features = features_of(said, ["it"] * len(said), embeddings, Speaker.OPERATOR)
        labels = [[rule.value in turn.rules for rule in CONDUCT_RULES] for turn in turns]
        return cls(turns, features, np.array(labels))

    def out_of_fold(self) -> Vector:
        """The probabilities of each turn by a head that has seen nothing of its author."""
        return _out_of_fold(
            self.features, self.labels, np.array([turn.author for turn in self.turns])
        )


def learn() -> dict[str, float]:
    """Fit and store the weights; the areas under the curve of each rule, out of fold."""
    material = Material.load()
    chances = material.out_of_fold()
    _store(fit_labels(material.features, material.labels.astype(np.int8), RECIPE))
    return {
        rule.value: float(roc_auc_score(material.labels[:, column], chances[:, column]))
        for column, rule in enumerate(CONDUCT_RULES)
    }


def thresholds() -> Iterator[tuple[Rule, float, float, Found, Found]]:
    """How well each pair of thresholds, likely and sure, finds each rule in whole calls.

    The last is how well the second one finds it in turns without a call. Probabilities are by a
    head that has seen nothing of the author; the rules of words and the threats are as they are.
    One rule's pair is varied at a time.
    """
    material = Material.load()
    chances_of_turns = material.out_of_fold()
    calls = _calls_with_chances(material.turns, chances_of_turns)
    alone = np.array([turn.call is None for turn in material.turns])
    reader = EncoderReader(SentenceEncoder())
    threats = {call: _threats_of(call, reader) for call in calls}
    for column, rule in enumerate(CONDUCT_RULES):
        for sure in STEPS:
            in_turns = Found()
            for chance, label in zip(
                chances_of_turns[alone, column], material.labels[alone, column], strict=True
            ):
                in_turns.count(is_found=chance >= sure, is_there=bool(label))
            for likely in (step for step in STEPS if step <= sure):
                found = Found()
                for call, chances in calls.items():
                    learned = {
                        place: [Breach(rule, call.turns[place].text, chance[column] >= sure)]
                        for place, chance in chances.items()
                        if chance[column] >= likely
                    }
                    flags = conduct_of(call.turns, call.language, threats[call], learned)
                    is_found = any(flag.rule is rule for flag in flags)
                    found.count(is_found=is_found, is_there=rule.value in call.rules)
                yield rule, likely, sure, found, in_turns


STEPS = tuple(step / 20 for step in range(1, 20))


@dataclass
class Found:
    """Calls or turns in which a rule was found rightly, missed, or found wrongly."""

    right: int = 0
    missed: int = 0
    wrong: int = 0

    def count(self, *, is_found: bool, is_there: bool) -> None:
        """Count one."""
        self.right += is_found and is_there
        self.missed += is_there and not is_found
        self.wrong += is_found and not is_there

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1."""
        return 2 * self.right / max(1, 2 * self.right + self.missed + self.wrong)


def _calls_with_chances(
    turns: list[LabelledTurn], chances: Vector
) -> dict[LabelledCall, dict[int, Vector]]:
    calls: dict[LabelledCall, dict[int, Vector]] = {}
    for turn, row in zip(turns, chances, strict=True):
        if turn.call is not None and turn.call.language == Language.ITALIAN.value:
            calls.setdefault(turn.call, {})[turn.place] = row
    return calls


def _threats_of(call: LabelledCall, reader: EncoderReader) -> dict[int, str]:
    readings = reader.read(utterances_of(call.turns), call.language)
    return {n: reading.threat for n, reading in enumerate(readings) if reading.threat is not None}


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
    parser.add_argument("command", choices=["learn", "thresholds"])
    command = parser.parse_args().command
    with threadpool_limits(limits=1):
        if command == "learn":
            for name, area in learn().items():
                print(f"{name:36}{area:.3f}")
            return
        for rule, likely, sure, *found in thresholds():
            figures = (
                f"F1 {of.f1:.3f} ({of.right:>3} right {of.missed:>3} missed {of.wrong:>3} wrong)"
                for of in found
            )
            print(f"{rule.value:24} likely {likely:.2f} sure {sure:.2f} {' turns '.join(figures)}")


if __name__ == "__main__":
    main()
