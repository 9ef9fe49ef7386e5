"""Learns to distinguish announcements from people's turns, and measures who answers a call.

`python -m infra.lab.training.announcements learn` writes processors/weights/announcements.npz;
`... evaluate` prints recall and false alarms on material/answering/test.jsonl, set by set.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from infra.lab.training.fitting import Recipe, fit_looks
from processors.attempts.announcements import WEIGHTS
from processors.attempts.answering import unanswered
from processors.text.ngrams import grams_of
from schemas.conversation import Speaker, Turn

MATERIAL = Path(__file__).parent / "material"
RECIPE = Recipe(0, 0, 30.0, 30.0, 0.0, 0.5, 0.5)
_COPIES = {"machine": 8, "human": 4}
"""How often each text written for this is learned, beside thousands of customers' turns."""


@dataclass(frozen=True)
class Sample:
    """What the customer's side says in a call, and whether a machine says it."""

    turns: list[str]
    label: str
    language: str
    set: str


@dataclass
class Found:
    """Counts of one set of calls."""

    machines: int = 0
    found: int = 0
    people: int = 0
    alarms: int = 0
    wrong: list[str] = field(default_factory=list)


def samples(split: str) -> list[Sample]:
    """The labelled texts of `split` (train or test)."""
    lines = (MATERIAL / "answering" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Sample(**json.loads(line)) for line in lines]


def learn() -> None:
    """Fit and store the weights."""
    texts = [
        (" ".join(each.turns), int(each.label == "machine"))
        for each in samples("train")
        for _ in range(_COPIES[each.label])
    ]
    texts += [(text, 0) for text in _peoples_turns()]
    labels = np.array([label for _, label in texts])
    characters, words, bias = fit_looks([grams_of(text) for text, _ in texts], labels, RECIPE)
    np.savez_compressed(
        Path(__file__).parents[3] / "processors" / "weights" / WEIGHTS,
        allow_pickle=False,
        characters_weights=characters.weights,
        characters_unit=characters.scale.astype(np.float32),
        characters_rarity=characters.idf.astype(np.float16),
        words_weights=words.weights,
        words_unit=words.scale.astype(np.float32),
        words_rarity=words.idf.astype(np.float16),
        bias=np.float32(bias),
    )


def _peoples_turns() -> Iterator[str]:
    """Customers' turns; in English, of which there are few, operators' too."""
    for pattern in ("*_customer*.jsonl", "*_operator_en.jsonl"):
        for file in sorted((MATERIAL / "train").glob(pattern)):
            for line in file.read_text(encoding="utf-8").splitlines():
                yield json.loads(line)["text"]


def evaluate(split: str) -> dict[str, Found]:
    """Who answers each call, by set of texts."""
    found: dict[str, Found] = defaultdict(Found)
    for each in samples(split):
        of = found[each.set]
        turns = [Turn(speaker=Speaker.CUSTOMER, text=text) for text in each.turns]
        nobody = unanswered(turns, each.language) is not None
        if each.label == "machine":
            of.machines += 1
            of.found += nobody
        else:
            of.people += 1
            of.alarms += nobody
        if nobody != (each.label == "machine"):
            of.wrong.append(f"{each.label}: {' / '.join(each.turns)}")
    return found


def main() -> None:
    """Run the command of the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["learn", "evaluate"])
    parser.add_argument("--split", choices=["train", "test"], default="test")
    given = parser.parse_args()
    with threadpool_limits(limits=1):
        if given.command == "learn":
            learn()
            return
    for name, of in evaluate(given.split).items():
        print(f"{name}: found {of.found} of {of.machines}, false alarms {of.alarms} of {of.people}")
        print(*of.wrong, sep="\n")


if __name__ == "__main__":
    main()
