"""Ratings in calls as they were overheard: bars a little below what is measured.

The texts are those of `python -m infra.lab.overhearing overhear`; nothing was tuned on them.
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.lab.overhearing.measuring import invented_figures, other_answers, turns_of
from infra.lab.overhearing.overheard import rows_of
from infra.lab.overhearing.scripts import rating_exchanges
from processors.ratings.spoken import spoken_rating

ASKED = "Da zero a dieci, che voto dà?"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [row for row in rows_of("ratings", "test") if row["lang"] == "it"]


@pytest.mark.parametrize(
    ("text", "confidence", "least"),
    [("written", False, 0.95), ("overheard", False, 0.79), ("overheard", True, 0.8)],
)
def test_ratings_are_found(
    rows: list[dict[str, Any]], text: str, confidence: bool, least: float
) -> None:
    rated = [row for row in rows if row["rating"] is not None]
    found = [spoken_rating(turns_of(row, text, confidence=confidence), "it") for row in rated]
    right = sum(row["rating"] == rating for row, rating in zip(rated, found, strict=True))
    other = sum(
        rating not in (None, row["rating"]) for row, rating in zip(rated, found, strict=True)
    )
    assert len(rated) > 60
    assert right / len(rated) >= least
    assert other <= 1


def test_what_is_no_answer_is_hardly_ever_a_rating(rows: list[dict[str, Any]]) -> None:
    invented, n = invented_figures(other_answers(rows), ASKED)
    assert n > 150
    assert invented / n <= 0.01


def test_the_texts_are_those_of_the_scripts(rows: list[dict[str, Any]]) -> None:
    scripts = {script.name: script for script in rating_exchanges("test")}
    for row in rows:
        script = scripts[row["id"]]
        assert row["written"] == list(script.turns)
        assert row["rating"] == script.rating
