"""What is spoken: labelled calls of `infra/lab/training/material`, and questions for a rating.

A question for a rating stands in a short call of its own, with its answer: of the calls of the
split train, of the answers of `test/?_ratings.jsonl`, or nothing but a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from infra.lab.overhearing.synthetic_calls import seed_of
from infra.lab.training.material import FOLDER
from processors.ratings.spoken import asks_for_rating

RATED_AUTHORS: Final = ("z", "y")
"""Authors of answers of the split test."""

EVERY: Final = 4
"""Of the written answers every fourth is spoken."""

CALLS_OF: Final = {"train": ("zd", "ze", "zf", "zg", "g", "x"), "test": ("zh", "zi", "y", "t")}
"""Authors of whole calls, those with the longest calls first."""


@dataclass(frozen=True)
class Script:
    """Turns to be spoken, with the rating that is given in them."""

    name: str
    language: str
    turns: tuple[dict[str, str], ...]
    rating: int | None


def calls(split: str, most: int) -> list[Script]:
    """Labelled calls of a split: at most `most` of each author's, in the order of their ids."""
    return [
        _script(row["id"], row.get("lang", "it"), row["turns"], row.get("rating"))
        for author in CALLS_OF[split]
        for row in _rows(FOLDER / split / f"{author}_calls.jsonl")[:most]
    ]


def rating_exchanges(split: str) -> list[Script]:
    """Short calls in which a rating is asked for, the bare numbers first."""
    answers = list(_answers(split))
    chosen = [*_bare_numbers(split, answers), *answers[::EVERY]]
    return [_exchange(name, *answer) for name, answer in chosen]


_Answer = tuple[str, str, str, int | None]
"""Language, question, answer and rating."""


def _answers(split: str) -> Iterator[tuple[str, _Answer]]:
    if split == "test":
        for author in RATED_AUTHORS:
            for number, row in enumerate(_rows(FOLDER / split / f"{author}_ratings.jsonl")):
                yield (
                    f"{author}r{number}",
                    (row["lang"], row["question"], row["text"], row["rating"]),
                )
        return
    for path in sorted((FOLDER / split).glob("*_calls*.jsonl")):
        for row in _rows(path):
            language = row.get("lang", "it")
            turns = row["turns"]
            for asked, said in pairwise(turns):
                speakers = asked["speaker"], said["speaker"]
                if (
                    row.get("rating") is not None
                    and speakers == ("operator", "customer")
                    and asks_for_rating(asked["text"], language)
                ):
                    answer = (language, asked["text"], said["text"], row["rating"])
                    yield f"{row['id']}r", answer
                    break


def _bare_numbers(
    split: str, answers: Sequence[tuple[str, _Answer]]
) -> Iterator[tuple[str, _Answer]]:
    given = _surroundings()
    for language, numbers in given["numbers"].items():
        questions = [answer[1] for _, answer in answers if answer[0] == language]
        questions = questions or given["questions"][language]
        for turn, frame in enumerate(given["frames"][split][language]):
            for value, word in enumerate(numbers):
                name = f"{split[:2]}{language}{turn}n{value}"
                question = questions[seed_of(name) % len(questions)]
                text = frame.format(n=word)
                yield name, (language, question, text[:1].upper() + text[1:], value)


def _exchange(name: str, language: str, question: str, answer: str, rating: int | None) -> Script:
    given = _surroundings()[language]
    chance = np.random.default_rng(seed_of(name))
    opening = given["openings"][chance.integers(len(given["openings"]))]
    closing = given["closings"][chance.integers(len(given["closings"]))]
    spoken = [*opening, ["operator", question], ["customer", answer], *closing]
    turns = [{"speaker": speaker, "text": text} for speaker, text in spoken]
    return _script(name, language, turns, rating)


def _script(
    name: str, language: str, turns: Sequence[dict[str, Any]], rating: int | None
) -> Script:
    spoken = tuple({"speaker": turn["speaker"], "text": turn["text"]} for turn in turns)
    return Script(name, language, spoken, rating)


@cache
def _surroundings() -> Any:
    return json.loads(Path(__file__).with_name("surroundings.json").read_text("utf-8"))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
