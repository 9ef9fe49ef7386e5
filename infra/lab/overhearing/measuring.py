"""What is lost between the words said and the words overheard: word errors, ratings, scores.

Measured on the texts in material/overheard, which need no sound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from infra.lab.benchmarks.word_errors import word_errors, words_of
from infra.lab.overhearing.overheard import OVERHEARD, rows_of
from infra.lab.training.evaluation import evaluate
from infra.lab.training.material import LabelledCall, Material, load_material
from processors.metrics.rates import rate
from processors.ratings.spoken import spoken_rating
from processors.scoring.scorer import TurnReader
from schemas.conversation import Speaker, Turn

Row = dict[str, Any]
Named = Iterator[tuple[str, str]]

BY: Final = ("snr_db", "noise", "codec", "voices")
"""What word errors are shown by."""

OF_CALLS: Final = (
    *("call_aggression_rank_correlation", "call_aggression_mean_absolute_error"),
    *("call_aggression_auc", "call_empathy_rank_correlation", "call_empathy_mean_absolute_error"),
    *("very_aggressive_calls_with_empathy", "call_change_sign", "call_threat_f1"),
    *("call_churn_f1", "call_promise_f1", "call_drivers_micro_f1", "call_spoken_rating_accuracy"),
)


def turns_of(row: Row, text: str, *, confidence: bool = True) -> list[Turn]:
    """The turns of a row as `written` or `overheard`; without `confidence` as if typed."""
    turns = [Turn.model_validate(turn) for turn in row[text]]
    return turns if confidence else [turn.model_copy(update={"confidence": None}) for turn in turns]


def word_error_figures(rows: Sequence[Row]) -> Named:
    """Words wrong per word said: of all rows, and by what `BY` names (the customer's voice)."""
    yield "words wrong, all", _errors(rows)
    for key in BY:
        values = {_value(row, key) for row in rows}
        for value in sorted(values, key=str):
            yield (
                f"words wrong, {key} {value}",
                _errors([r for r in rows if _value(r, key) == value]),
            )


def _value(row: Row, key: str) -> Any:
    return row[key][1] if key == "voices" else row[key]


def _errors(rows: Sequence[Row]) -> str:
    wrong = words = 0
    for row in rows:
        for speaker in (Speaker.OPERATOR, Speaker.CUSTOMER):
            said, heard = (
                words_of(" ".join(t["text"] for t in row[text] if t["speaker"] == speaker))
                for text in ("written", "overheard")
            )
            wrong += word_errors(said, heard)
            words += len(said)
    return f"{wrong / max(1, words):.3f} ({words} words, {len(rows)} calls)"


def rating_figures(rows: Sequence[Row]) -> Named:
    """Share of ratings right, and how many are invented, written and overheard."""
    bare = [row for row in rows if len(words_of(_answer(row))) <= 2]
    for name, some in (("all", rows), ("answers of one or two words", bare)):
        rated = [row for row in some if row["rating"] is not None]
        for text, confidence in (("written", True), ("overheard", False), ("overheard", True)):
            label = f"{text}{'' if confidence or text == 'written' else ', by words alone'}"
            found = [(row["rating"], _found(row, text, confidence)) for row in rated]
            right = sum(given == got for given, got in found)
            wrong = sum(got is not None and given != got for given, got in found)
            yield f"ratings right, {name}, {label}", _share(right, len(found))
            yield f"another rating, {name}, {label}", _share(wrong, len(found))
    unrated = [row for row in rows if row["rating"] is None]
    invented = sum(_found(row, "overheard", True) is not None for row in unrated)
    yield "a rating where none was given, overheard", _share(invented, len(unrated))


def _found(row: Row, text: str, confidence: bool) -> int | None:
    return spoken_rating(turns_of(row, text, confidence=confidence), row["lang"])


def _answer(row: Row) -> str:
    """What the customer answers: the row's turn before the closing ones."""
    return str(row["written"][-3]["text"])


def _share(k: int, n: int) -> str:
    found = rate(k, n)
    if found.value is None:
        return "n 0"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}], {k} of {n}"


def invented_figures(texts: Iterable[tuple[str, float]], question: str) -> tuple[int, int]:
    """Of customers' `texts` with their confidences: how many answer `question` with a rating by
    their sound that they have not by their words; and how many there are."""
    invented = n = 0
    for text, confidence in texts:
        n += 1
        found = [
            spoken_rating(
                [
                    Turn(speaker=Speaker.OPERATOR, text=question),
                    Turn(speaker=Speaker.CUSTOMER, text=text, confidence=given),
                ],
                "it",
            )
            for given in (None, confidence)
        ]
        invented += found[0] is None and found[1] is not None
    return invented, n


def other_answers(rows: Sequence[Row]) -> list[tuple[str, float]]:
    """What Italian customers say in overheard rows besides their answers, each text once."""
    return sorted(
        {
            (turn["text"], turn["confidence"])
            for row in rows
            if row["lang"] == "it"
            for turn in row["overheard"][:4] + row["overheard"][-1:]
            if turn["speaker"] == "customer"
        }
    )


def score_figures(reader: TurnReader) -> Named:
    """The figures of labelled calls of the split test from written and from overheard texts."""
    heard = _overheard_turns()
    written = [call for call in load_material("test").calls if call.call_id in heard]
    overheard = [_with_turns(call, heard[call.call_id]) for call in written]
    figures = [evaluate(Material(calls=calls), reader) for calls in (written, overheard)]
    rated = sum(call.aggression is not None for call in written)
    yield "calls", f"{len(written)}, of them {rated} rated as a whole"
    for name in OF_CALLS:
        yield name, f"written {figures[0].get(name)}, overheard {figures[1].get(name)}"


def _with_turns(call: LabelledCall, turns: Sequence[Turn]) -> LabelledCall:
    return replace(call, turns=tuple(turns), sentiments=())


def _overheard_turns() -> dict[str, list[Turn]]:
    """By call: its turns from two channels, of every call that has been overheard."""
    text = (OVERHEARD / "test.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    mono = {row["id"]: [Turn.model_validate(turn) for turn in row["stereo"]] for row in rows}
    return mono | {row["id"]: turns_of(row, "overheard") for row in rows_of("calls", "test")}
