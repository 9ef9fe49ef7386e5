"""The benchmarks: word errors, and figures with the machine they were measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.lab.benchmarks import scoring
from infra.lab.benchmarks.__main__ import main
from infra.lab.benchmarks.word_errors import word_errors, words_of
from infra.lab.training.material import Material, load_material

few_words = st.lists(st.sampled_from(["la", "rata", "paga", "domani"]), max_size=6)


def least_changes(said: Sequence[str], transcribed: Sequence[str]) -> int:
    """The distance by its definition: the best of all ways to fix the last word."""

    @cache
    def least(a: int, b: int) -> int:
        if not a or not b:
            return a + b
        same = least(a - 1, b - 1) + (said[a - 1] != transcribed[b - 1])
        return min(same, least(a - 1, b) + 1, least(a, b - 1) + 1)

    return least(len(said), len(transcribed))


@given(few_words, few_words)
def test_word_errors_are_the_least_changes(said: list[str], transcribed: list[str]) -> None:
    assert word_errors(said, transcribed) == least_changes(said, transcribed)


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words_of("C'è, dice, la Bolletta.") == words_of("c'è dice la bolletta")


def test_figures_come_with_the_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(split: str) -> Material:
        whole = load_material(split)
        return replace(whole, calls=whole.calls[:40])

    monkeypatch.setattr(scoring, "load_material", few)
    assert main(["scoring", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"processor", "cores", "python"} <= set(report["machine"])
    assert set(report["figures"]) == {"scoring"}
    assert all(value > 0 for value in report["figures"]["scoring"].values())


def test_an_unknown_benchmark_is_reported_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["speed"])
    assert caught.value.code == 2
    assert (
        "there is no bench speed; of transcription, scoring, long_call, crosstalk"
        in capsys.readouterr().err
    )
