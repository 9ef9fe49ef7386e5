"""The baseline `lexicon-3` on hand-labelled turns, with a minimum for each figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from processors.ratings.spoken import spoken_rating
from processors.scoring.call import score_call
from processors.scoring.lexicon_scorer import LexiconReader
from schemas.conversation import CallScore, Turn

MATERIAL = Path(__file__).parent / "material"


def material(name: str, split: str) -> list[dict[str, Any]]:
    lines = (MATERIAL / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == split]
    assert rows, f"no {split} rows in {name}"
    return rows


def auc(positives: list[float], negatives: list[float]) -> float:
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def score_one(speaker: str, row: dict[str, Any]) -> CallScore:
    return score_call([Turn(speaker=speaker, text=row["text"])], row["language"], LexiconReader())


def f1(hits: int, wrong: int, missed: int) -> float:
    return 2 * hits / (2 * hits + wrong + missed)


def set_f1(pairs: list[tuple[set[str], set[str]]]) -> float:
    hits = sum(len(found & wanted) for found, wanted in pairs)
    wrong = sum(len(found - wanted) for found, wanted in pairs)
    return f1(hits, wrong, sum(len(wanted - found) for found, wanted in pairs))


@pytest.mark.parametrize(
    ("split", "aggression_floor", "empathy_floor"),
    [("dev", 0.96, 0.96), ("before", 0.95, 0.95), ("fresh", 0.75, 0.8)],
)
def test_ranks_operator_turns(
    split: str,
    aggression_floor: float,
    empathy_floor: float,
    record_property: Any,
) -> None:
    aggression: dict[str, list[float]] = {}
    empathy: dict[str, list[float]] = {}
    for row in material("operator_turns", split):
        score = score_one("operator", row)
        if score.why == "nobody_answered":
            assert row["label"] == "neutral", "a greeting to nobody is no other turn"
            continue
        aggression.setdefault(row["label"], []).append(score.turns[0].aggression)
        empathy.setdefault(row["label"], []).append(score.turns[0].empathy)
    rest = [v for label, values in aggression.items() if label != "aggressive" for v in values]
    aggressive_auc = auc(aggression["aggressive"], rest)
    others = [v for label, values in empathy.items() if label != "empathic" for v in values]
    empathic_auc = auc(empathy["empathic"], others)
    record_property("aggression_auc", aggressive_auc)
    record_property("empathy_auc", empathic_auc)

    assert aggressive_auc >= aggression_floor
    assert empathic_auc >= empathy_floor
    calm = aggression["neutral"] + aggression["empathic"]
    assert auc(aggression["pressing"], calm) >= aggression_floor


@pytest.mark.parametrize(("split", "floor"), [("dev", 0.95), ("before", 0.9), ("fresh", 0.7)])
def test_finds_the_side_a_customer_takes(split: str, floor: float) -> None:
    rows = material("customer_turns", split)
    right = 0
    for row in rows:
        polarity = score_one("customer", row).sentiment
        right += ((polarity > 0.15) - (polarity < -0.15)) == row["sentiment"]
    assert right / len(rows) >= floor


@pytest.mark.parametrize("split", ["dev", "before", "fresh"])
def test_finds_spoken_ratings(split: str) -> None:
    rows = material("ratings", split)
    right = 0
    for row in rows:
        turns = [
            Turn(speaker="operator", text=row["question"]),
            Turn(speaker="customer", text=row["text"]),
        ]
        right += spoken_rating(turns, row["language"]) == row["rating"]
    assert right / len(rows) >= 0.95


@pytest.mark.parametrize(("split", "floor"), [("dev", 0.9), ("before", 0.85), ("fresh", 0.6)])
@pytest.mark.parametrize("intent", ["churn_intent", "promise_to_pay"])
def test_finds_intents(split: str, floor: float, intent: str) -> None:
    pairs = []
    for row in material("intents", split):
        found = getattr(score_one("customer", row), intent)
        pairs.append(({intent} if found else set(), {intent} if row[intent] else set()))
    assert set_f1(pairs) >= floor


@pytest.mark.parametrize(("split", "floor"), [("dev", 0.9), ("before", 0.85), ("fresh", 0.8)])
def test_finds_drivers(split: str, floor: float) -> None:
    pairs = []
    for row in material("drivers", split):
        found = {d.driver.value for d in score_one(row["speaker"], row).drivers}
        pairs.append((found, set(row["drivers"])))
    assert set_f1(pairs) >= floor


@pytest.mark.parametrize(("split", "floor"), [("dev", 0.9), ("before", 0.85)])
def test_finds_breaches_of_conduct(split: str, floor: float) -> None:
    pairs = []
    for row in material("conduct", split):
        turns = [Turn(**turn) for turn in row["turns"]]
        score = score_call(turns, row["language"], LexiconReader())
        pairs.append(({flag.rule.value for flag in score.conduct}, set(row["rules"])))
    assert set_f1(pairs) >= floor
