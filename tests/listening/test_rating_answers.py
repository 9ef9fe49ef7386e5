"""Numbers that whisper's encoder has and its words have not: put into the answer to a question
for a rating, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp, softmax

from infra.transcription.rating_answers import Said, with_ratings
from infra.transcription.spoken_numbers import (
    CLASSES,
    NO_EVIDENCE,
    POOLED,
    NumberNetwork,
    number_network,
    steps_of,
)
from processors.ratings.spoken import rating_awaited, spoken_rating
from processors.transcript.turns import Segment, Word, merge_turns
from schemas.conversation import Speaker, Turn

QUESTION = "Da zero a dieci, che voto ci dà?"
NONE = CLASSES - 1


@pytest.fixture(scope="module")
def network() -> NumberNetwork:
    zero = np.zeros(1, np.float32)
    return NumberNetwork(zero, zero, zero, zero, zero, np.zeros(CLASSES, np.float32))


def evidence(*classes: int, surely: float = 12.0):
    """A step for each class that is recognised in it, the numbers more surely than none."""
    rows = np.zeros((len(classes), CLASSES), np.float32)
    rows[np.arange(len(classes)), list(classes)] = [3.0 if c == NONE else surely for c in classes]
    return rows


def said(speaker: Speaker, begin: float, end: float, text: str, numbers=NO_EVIDENCE) -> Said:
    spoken = text.split()
    edges = np.linspace(begin, end, len(spoken) + 1)
    words = tuple(
        Word(float(a), float(b), f" {word}", 0.6)
        for a, b, word in zip(edges, edges[1:], spoken, strict=False)
    )
    segment = Segment(speaker, words) if words else None
    return Said(speaker, begin, end, segment, numbers)


def call(question: str, *answers: tuple[float, str, np.ndarray]) -> list[Said]:
    """A question until second 4, and what is answered at the seconds given, in 0.6 s each."""
    asked = said(Speaker.OPERATOR, 0.0, 4.0, question)
    given = [said(Speaker.CUSTOMER, at, at + 0.6, text, rows) for at, text, rows in answers]
    return [asked, *given, said(Speaker.OPERATOR, 9.0, 10.0, "La ringrazio.")]


def texts(segments: list[Segment]) -> list[str]:
    return [turn.text for turn in merge_turns(segments)][1:-1]


@pytest.mark.parametrize(
    ("text", "numbers", "restored"),
    [
        ("Pre.", evidence(3), "Tre."),
        ("", evidence(0), "Zero."),
        ("Direi un lotto,", evidence(NONE, NONE, NONE, NONE, NONE, 8), "Direi un otto,"),
        ("Prego.", evidence(10), "Dieci."),
    ],
)
def test_a_lost_number_takes_its_place_in_the_answer(network, text, numbers, restored):
    segments = with_ratings(call(QUESTION, (4.5, text, numbers)), "it", network)
    assert texts(segments) == [restored]
    assert spoken_rating(merge_turns(segments), "it") == int(np.argmax(numbers[-1]))


@pytest.mark.parametrize(
    ("question", "text", "numbers"),
    [
        ("Allora a domani.", "Pre.", evidence(3)),
        (QUESTION, "Quattro.", evidence(8)),
        (QUESTION, "Il 12.", evidence(8)),
        (QUESTION, "Prego.", evidence(NONE)),
        (QUESTION, "Prego.", evidence(3, surely=1.0)),
        (QUESTION, "Prego.", NO_EVIDENCE),
    ],
    ids=["not asked", "number written", "figure written", "no number", "unsure", "not read"],
)
def test_elsewhere_the_words_stay_as_they_are(network, question, text, numbers):
    assert texts(with_ratings(call(question, (4.5, text, numbers)), "it", network)) == [text]


def test_without_a_network_and_in_other_languages_the_words_stay(network):
    heard = call(QUESTION, (4.5, "Pre.", evidence(3)))
    assert texts(with_ratings(heard, "it", None)) == ["Pre."]
    assert texts(with_ratings(heard, "en", network)) == ["Pre."]


def test_an_answer_in_two_stretches_is_one(network):
    heard = call(QUESTION, (4.5, "Eh,", evidence(NONE)), (5.4, "quarto.", evidence(4)))
    assert texts(with_ratings(heard, "it", network)) == ["Eh, quattro."]


def test_an_answer_without_words_stands_before_what_the_operator_says_then(network):
    heard = call(QUESTION, (4.5, "", evidence(7)))
    turns = merge_turns(with_ratings(heard, "it", network))
    assert [turn.speaker for turn in turns] == ["operator", "customer", "operator"]
    assert (turns[1].start, turns[1].end) == (4.5, 5.1)


def test_a_rating_is_awaited_after_its_question_until_it_is_given():
    asked = Turn(speaker="operator", text=QUESTION, confidence=0.9)
    answers = [Turn(speaker="customer", text=text, confidence=0.9) for text in ("Come?", "Sette.")]
    assert not rating_awaited([], "it")
    assert rating_awaited([asked], "it")
    assert rating_awaited([asked, answers[0]], "it")
    assert not rating_awaited([asked, *answers], "it")


rows = st.integers(1, 9).flatmap(
    lambda n: arrays(np.float32, (n, CLASSES), elements=st.floats(-30, 30, width=32))
)


@given(rows)
def test_evidence_is_summed_over_the_steps_and_weighed(logits):
    whole = number_network()
    expected = softmax(logsumexp(logits.astype(float), axis=0) + whole.bias)
    assert whole.probabilities(logits) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 40))
def test_a_step_is_the_mean_of_80_ms_with_those_around_it(length):
    encoded = np.arange(length * 3, dtype=np.float32).reshape(length, 3)
    steps = steps_of(encoded)
    assert len(steps) == max(1, length // POOLED)
    if length >= POOLED:
        assert steps[0].reshape(5, 3)[2] == pytest.approx(encoded[:POOLED].mean(axis=0))
        assert not steps[0].reshape(5, 3)[:2].any()
