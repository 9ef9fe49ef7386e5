"""What is said in answer to a question for a rating: numbers from 0 to 10, and anything else.

Of the split train: frames around a number, the answers of `train/xr_ratings.jsonl`, short things
that sound like numbers or count something, and the customers' short turns. Of the split test:
other frames, and the answers and turns of its authors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from infra.lab.training.material import FOLDER
from infra.transcription.rating_answers import has_number, numbers_in
from processors.text.tokens import cut

LONGEST: Final = 8
"""Words of an answer."""

_ANSWERS: Final = {"train": ("xr",), "test": ("t", "y", "z")}


@dataclass(frozen=True)
class Answer:
    """A text and the number from 0 to 10 that it gives as a rating, or None."""

    text: str
    number: int | None


def answers(split: str) -> Iterator[Answer]:
    """The answers of a split, numbers in frames first; texts with several numbers are left out."""
    given = _given()
    for frame in given["frames"][split]:
        for value, word in enumerate(given["numbers"]):
            text = frame.format(n=word)
            yield Answer(text[:1].upper() + text[1:], value)
    for author in _ANSWERS[split]:
        for row in _rows(split, f"{author}_ratings.jsonl"):
            text = row.get("answer", row.get("text", ""))
            said = numbers_in(text)
            is_plain = len(said) == 1 if row["rating"] is not None else not said
            if row.get("lang", "it") == "it" and is_plain and _is_short(text):
                yield Answer(text, row["rating"])
    for text in given["others"].get(split, ()):
        yield Answer(text, None)
    for text in sorted(_short_turns(split)):
        yield Answer(text, None)


def _short_turns(split: str) -> set[str]:
    """What customers say in calls, without a number."""
    return {
        turn["text"]
        for path in (FOLDER / split).glob("*_calls.jsonl")
        for row in _rows(split, path.name)
        if row.get("lang", "it") == "it"
        for turn in row["turns"]
        if turn["speaker"] == "customer"
        and _is_short(turn["text"])
        and not has_number(turn["text"])
    }


def _is_short(text: str) -> bool:
    return 0 < len(cut(text, "it").words) <= LONGEST


def _rows(split: str, name: str) -> list[dict[str, Any]]:
    path = FOLDER / split / name
    text = path.read_text("utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@cache
def _given() -> Any:
    return json.loads(Path(__file__).with_name("answers.json").read_text("utf-8"))
