"""Learns which of an operator's words breach rules of conduct.

`python -m infra.lab.training.conduct learn` writes processors/weights/conduct.npz and prints how
well each rule is found in the turns of authors that were left out; `... thresholds` prints how well
each pair of thresholds finds it in their whole calls, by which `LIKELY` and `SURE` and those of the
course were chosen. How well it is found in other calls, `python -m infra.lab.reports.conduct
FILE...` says.
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

from infra.lab.training.course import CallRows, TurnsOfCalls, fit, out_of_fold
from infra.lab.training.fitting import Features, Recipe, features_of, fit_labels
from infra.lab.training.material import FOLDER
from infra.scoring.sentence_encoder import SentenceEncoder
from processors.conduct.course import COURSE_RULES, TOGETHER, CourseWeights, breaches_of
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
LIKELY, SURE = 0.1, 0.35
"""Probabilities from which a false threat is one where the turn threatens, and by its words alone:
the best by whole calls with their authors left out."""
AGAIN = "insistence.jsonl"
"""Turns that are insistence, too, of calls whose authors had labelled announced calls only."""
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
    """A whole call, redacted, with its breaches."""

    author: str
    turns: list[Turn]
    language: str
    breached: frozenset[tuple[int, str]]
    """The place of each breach, and its rule."""

    def breaches(self, rule: Rule) -> bool:
        """Whether a rule is breached somewhere in it."""
        return any(breached == rule.value for _, breached in self.breached)


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
    again = {row["id"]: row["turns"] for row in _rows(FOLDER / "conduct" / "train" / AGAIN)}
    for path in (*written, *sorted((FOLDER / "train").glob("*_calls.jsonl"))):
        for row in _rows(path):
            if "aggression" not in row:
                # Of an author who named the rules of a call without their turns, or none.
                continue
            turns = [Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"]]
            labels = [
                (each["turn"], _SHORT.get(each["rule"], each["rule"])) for each in row["conduct"]
            ]
            labels += [(place, Rule.INSISTENCE.value) for place in again.get(row["id"], ())]
            said_so = redacted(turns, row["lang"])
            call = LabelledCall(_author(path), said_so, row["lang"], frozenset(labels))
            before = ""
            for place, turn in enumerate(call.turns):
                if turn.speaker is not Speaker.OPERATOR:
                    before = turn.text
                    continue
                rules = [rule for at, rule in labels if at == place]
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
    course = fit(_rows_of(_calls_with_chances(material.turns, chances)))
    _store(fit_labels(material.features, material.labels.astype(np.int8), RECIPE), course)
    return {
        rule.value: float(roc_auc_score(material.labels[:, column], chances[:, column]))
        for column, rule in enumerate(CONDUCT_RULES)
    }


class Judged(NamedTuple):
    """What is said of a labelled call by weights that have seen nothing of its author."""

    call: LabelledCall
    threats: dict[int, str]
    evidence: dict[Rule, dict[int, float]]
    """How much each of the operator's turns shows of a rule: the probability of a false threat by
    its words, the log-odds of the others by the course of the call."""

    def has(self, rule: Rule, likely: float, sure: float) -> bool:
        """Whether the call breaches a rule, with its thresholds."""
        found = breaches_of(self.evidence[rule], TOGETHER.get(rule, 1), likely, sure)
        learned = {
            place: [Breach(rule, self.call.turns[place].text, is_sure)]
            for place, is_sure in found.items()
        }
        flags = conduct_of(self.call.turns, self.call.language, self.threats, learned)
        return any(flag.rule is rule for flag in flags)


def judged_calls(material: Material) -> list[Judged]:
    """All whole calls."""
    calls = _calls_with_chances(material.turns, material.out_of_fold())
    reader = EncoderReader(SentenceEncoder())
    column = CONDUCT_RULES.index(Rule.FALSE_THREAT)
    judged = []
    for (call, chances), odds in zip(calls.items(), out_of_fold(_rows_of(calls)), strict=True):
        evidence = {
            rule: {place: float(row[of_course]) for place, row in odds.items()}
            for of_course, rule in enumerate(COURSE_RULES)
        }
        evidence[Rule.FALSE_THREAT] = {place: float(row[column]) for place, row in chances.items()}
        judged.append(Judged(call, _threats_of(call, reader), evidence))
    return judged


def thresholds() -> Iterator[tuple[Rule, float, float, Found]]:
    """How well each pair of thresholds, likely and sure, finds each rule in whole calls.

    Those of a false threat are probabilities, the others log-odds. The rules of words and the
    threats are as they are.
    """
    calls = judged_calls(Material.load())
    for rule in CONDUCT_RULES:
        steps = CHANCES if rule is Rule.FALSE_THREAT else LOG_ODDS
        for sure in steps:
            for likely in (step for step in steps if step <= sure):
                found = Found()
                for judged in calls:
                    is_found = judged.has(rule, likely, sure)
                    found.count(is_found=is_found, is_there=judged.call.breaches(rule))
                yield rule, likely, sure, found


CHANCES = tuple(step / 20 for step in range(1, 20))
LOG_ODDS = tuple(step / 10 for step in range(-30, 6))


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

    def __str__(self) -> str:
        counts = f"{self.right:>3} right {self.missed:>3} missed {self.wrong:>3} wrong"
        return f"F1 {self.f1:.3f} ({counts})"


def _calls_with_chances(
    turns: list[LabelledTurn], chances: Vector
) -> dict[LabelledCall, dict[int, Vector]]:
    calls: dict[LabelledCall, dict[int, Vector]] = {}
    for turn, row in zip(turns, chances, strict=True):
        if turn.call is not None and turn.call.language == Language.ITALIAN.value:
            calls.setdefault(turn.call, {})[turn.place] = row
    return calls


def _rows_of(calls: dict[LabelledCall, dict[int, Vector]]) -> list[CallRows]:
    turns = TurnsOfCalls()
    return [
        turns.rows(call.author, call.turns, call.language, chances, call.breached)
        for call, chances in calls.items()
    ]


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


def _store(head: Head, course: CourseWeights) -> None:
    arrays = {
        "false_threat": np.array([LIKELY, SURE]),
        "course_weights": course.weights.astype(np.float32),
        "course_bias": course.bias,
        "course_margin": course.margin,
    }
    path = Path(__file__).parents[3] / "processors" / "weights" / CONDUCT_WEIGHTS
    np.savez_compressed(path, allow_pickle=False, **head.arrays(), **arrays)


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
        for rule, likely, sure, found in thresholds():
            print(f"{rule.value:24} likely {likely:5.2f} sure {sure:5.2f} {found}")


if __name__ == "__main__":
    main()
