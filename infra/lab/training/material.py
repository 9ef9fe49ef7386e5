"""The labelled turns and calls the scorer is learned from and measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processors.encoder.network import LEVELS
from processors.scoring.scorer import Utterance
from schemas.conversation import Driver, Speaker, Turn

FOLDER = Path(__file__).parent / "material"


@dataclass(frozen=True)
class OperatorTurn:
    """A labelled turn of an operator."""

    said: Utterance
    language: str
    author: str
    style: str
    level: str
    threat: bool
    hard: bool


@dataclass(frozen=True)
class CustomerTurn:
    """A labelled turn of a customer."""

    said: Utterance
    language: str
    author: str
    style: str
    sentiment: int
    leaves: bool
    promises: bool
    drivers: frozenset[Driver]
    hard: bool


@dataclass(frozen=True)
class LabelledCall:
    """A whole call with its labels."""

    call_id: str
    turns: tuple[Turn, ...]
    language: str
    author: str
    style: str
    leaves: bool
    promises: bool
    drivers: frozenset[Driver]
    threat: bool
    rating: int | None
    aggression: float | None = None
    """Of the whole call, 0 to 1, as its author rates it; null where no author did."""
    empathy: float | None = None
    """Likewise."""
    change: int | None = None
    """Of the customer's mood from beginning to end: -1 worse, 0 the same, 1 better."""
    sentiments: tuple[int | None, ...] = ()
    """Of each turn, where its author gave one: -1, 0 or 1."""


@dataclass
class Material:
    """All that is labelled of one split."""

    operators: list[OperatorTurn] = field(default_factory=list)
    customers: list[CustomerTurn] = field(default_factory=list)
    calls: list[LabelledCall] = field(default_factory=list)


def load_material(split: str, author: str | None = None) -> Material:
    """The material of a split, `train` or `test`, in the order of the files' names.

    All of it, or one author's: the letter that the files' names begin with.

    The operator's turns of a call that carry labels are among the operators' turns too.
    """
    material = Material()
    for path in sorted((FOLDER / split).glob("*.jsonl")):
        wrote = path.name.partition("_")[0]
        if author not in (None, wrote):
            continue
        for row in _rows(path):
            _sort_in(material, row, wrote)
    return material


def _sort_in(material: Material, row: dict[str, Any], author: str) -> None:
    if "turns" in row:
        call = _call(row, author)
        material.calls.append(call)
        material.operators.extend(_operators_of(row, call))
    elif "level" in row:
        said = Utterance(Speaker.OPERATOR, row["text"], row.get("before") or "")
        material.operators.append(
            OperatorTurn(
                said, row["lang"], author, row["style"], _level(row), _threat(row), row["hard"]
            )
        )
    elif "sentiment" in row:
        material.customers.append(
            CustomerTurn(
                Utterance(Speaker.CUSTOMER, row["text"]),
                row["lang"],
                author,
                row["style"],
                row["sentiment"],
                row["churn"],
                row["promise"],
                frozenset(map(Driver, row["drivers"])),
                row["hard"],
            )
        )


def _call(row: dict[str, Any], author: str) -> LabelledCall:
    turns = tuple(Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"])
    threat = row["threat"] if "threat" in row else any(map(_threat, row["turns"]))
    return LabelledCall(
        row["id"],
        turns,
        row.get("lang", "it"),
        author,
        row.get("style", row["id"]),
        row["churn"],
        row["promise"],
        frozenset(map(Driver, row["drivers"])),
        threat or "false_threat" in _rules(row),
        row.get("rating"),
        row.get("aggression"),
        row.get("empathy"),
        row.get("change"),
        tuple(turn.get("sentiment") for turn in row["turns"]),
    )


def _rules(row: dict[str, Any]) -> list[str]:
    """The rules that a call breaks, which some authors name with their turns."""
    return [each["rule"] if isinstance(each, dict) else each for each in row["conduct"]]


def _operators_of(row: dict[str, Any], call: LabelledCall) -> Iterator[OperatorTurn]:
    before = ""
    for turn in row["turns"]:
        if turn["speaker"] == "operator" and "level" in turn:
            said = Utterance(Speaker.OPERATOR, turn["text"], before)
            yield OperatorTurn(
                said,
                call.language,
                call.author,
                call.style,
                _level(turn),
                _threat(turn),
                hard=False,
            )
        before = turn["text"] if turn["speaker"] == "customer" else ""


def _level(row: dict[str, Any]) -> str:
    level = str(row["level"])
    if level not in LEVELS:
        raise ValueError(f"no such level: {level}")
    return level


def _threat(row: dict[str, Any]) -> bool:
    return bool(row.get("threat")) or "false_threat" in row.get("conduct", [])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)
