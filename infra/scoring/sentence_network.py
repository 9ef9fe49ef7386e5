"""The layers of the sentence encoder, applied to many sentences at once.

The package's own pass over a batch gives a sentence other last bits than the same sentence gets
alone, and scores must not depend on what else is scored. Here a batch shares the products that
cost most, and every sentence has the bits it has alone (`SharedProduct`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Places = NDArray[np.int64]
Tokens = Sequence[int]

DIMENSIONS = 512
_MOST_TOKENS = 384
"""Tokens of a group: with more, its arrays leave the processor's cache."""
_CHANNELS = 256
_WINDOWS = ((2, 0), (3, 1), (5, 2))
"""Of each convolution: tokens in its window, and how many of them come before its own."""
_BEFORE = max(before for _, before in _WINDOWS)
_AFTER = max(size - 1 - before for size, before in _WINDOWS)
_CACHED_PIECES = 8192
"""Tokens whose first product is cached: 25 MB."""
_TRIED = 64
"""Rows up to which a product is tried."""
_NEVER = 1 << 62


class SentenceNetwork:
    """Vectors of tokenized sentences, each with the bits it has alone; for one BLAS thread."""

    def __init__(self, model: Any) -> None:
        """`model` is the package's `NumpyBackend`, whose arrays are used as they are."""
        self._model = model
        self._blocks = len(model.scale)
        self._project = PieceProduct(model.proj_W, len(model.table), _CACHED_PIECES)
        self._first = [SharedProduct(weights) for weights in model.w1]
        self._second = [SharedProduct(weights) for weights in model.w2]
        # In halves that stay in the processor's cache from row to row.
        self._of_sum = [np.ascontiguousarray(half) for half in np.hsplit(model.cnn_W, 2)]

    def vectors(self, sentences: Sequence[Tokens]) -> Rows:
        """One row a sentence, of length 1."""
        rows = np.empty((len(sentences), DIMENSIONS), dtype=np.float32)
        for first, after in _groups(sentences):
            rows[first:after] = self._vectors(sentences[first:after])
        return rows

    def _vectors(self, sentences: Sequence[Tokens]) -> Rows:
        layout = _layout(sentences)
        features = self._of_tokens(layout)
        return self._of_sums(np.add.reduceat(features, layout.starts, axis=0), layout.sizes)

    def _of_tokens(self, layout: Layout) -> Rows:
        """The features of each token in its sentence: its embedding, and three convolutions."""
        model, count = self._model, len(layout.tokens)
        features = np.empty((count, DIMENSIONS + len(_WINDOWS) * _CHANNELS), dtype=np.float32)
        block = layout.tokens % self._blocks
        embedded = model.table[layout.tokens].astype(np.float32)
        embedded *= model.scale[block, None]
        embedded += model.lo[block, None]
        features[:, :DIMENSIONS] = embedded
        projected = self._project(embedded, layout)
        projected += model.proj_b
        _normalize(projected, model.ln_g_all, model.ln_b_all, model.eps)
        around = layout.around()
        # The last row remains zero: what a window has beyond its sentence.
        padded = np.zeros((count + 1, _CHANNELS), dtype=np.float32)
        for each, (size, before) in enumerate(_WINDOWS):
            window = around[:, _BEFORE - before : _BEFORE - before + size]
            rows = projected[:, each * _CHANNELS : (each + 1) * _CHANNELS]
            for product, bias in (
                (self._first[each], model.b1[each]),
                (self._second[each], model.b2[each]),
            ):
                padded[:count] = rows
                deeper = product(padded[window].reshape(count, size * _CHANNELS), layout)
                deeper += bias
                np.maximum(deeper, 0, out=deeper)
                deeper += rows
                rows = deeper
            begin = DIMENSIONS + each * _CHANNELS
            features[:, begin : begin + _CHANNELS] = rows
        _normalize(features, model.ln_g, model.ln_b, model.eps)
        return features

    def _of_sums(self, sums: Rows, sizes: Places) -> Rows:
        """The vectors of sentences from the sums of their tokens' features, each by itself."""
        model, counts = self._model, sizes.astype(np.float32)
        mean = np.concatenate([_row_by_row(sums, half) for half in self._of_sum], axis=1)
        mean += counts[:, None] * model.cnn_b
        mean *= np.reciprocal(np.sqrt(counts))[:, None]
        inner = _row_by_row(mean, model.p1)
        inner += _row_by_row(np.maximum(_row_by_row(mean, model.d0), 0), model.d1)
        np.maximum(inner, 0, out=inner)
        vectors = _row_by_row(inner, model.p3)
        vectors += _row_by_row(np.maximum(_row_by_row(inner, model.d2), 0), model.d3)
        np.tanh(vectors, out=vectors)
        squares = np.clip(np.einsum("ij,ij->i", vectors, vectors), model.eps, None)
        vectors *= np.reciprocal(np.sqrt(squares))[:, None]
        return vectors


class SharedProduct:
    """The product of the rows of many sentences with one matrix.

    BLAS multiplies few rows by other kernels than many, and their last bits differ. The number of
    rows from which they are the same is found by trying, as it differs between processors.
    Sentences with fewer tokens are multiplied each by itself. So are all of them where no number
    is enough: with AVX2, but without AVX-512, a row's bits depend on its place among the others.
    """

    def __init__(self, weights: Rows) -> None:
        self._weights = weights
        self.least_rows = _least_rows(weights)

    def __call__(self, rows: Rows, layout: Layout) -> Rows:
        """`rows` of the tokens of all sentences times the matrix."""
        if max(layout.starts_by_size) >= self.least_rows:
            product = self._together(rows, layout)
        else:
            product = np.empty((len(rows), self._weights.shape[1]), dtype=np.float32)
        for size, starts in layout.starts_by_size.items():
            if size < self.least_rows:
                places = np.add.outer(starts, np.arange(size))
                product[places] = np.matmul(rows[places], self._weights)
        return product

    def _together(self, rows: Rows, _: Layout) -> Rows:
        product: Rows = rows @ self._weights
        return product


class PieceProduct(SharedProduct):
    """A product of rows that depend on their tokens alone: each token's is computed once."""

    def __init__(self, weights: Rows, vocabulary: int, most: int) -> None:
        """`vocabulary`: how many different tokens there are; `most`: how many are cached."""
        super().__init__(weights)
        self._slots = np.full(vocabulary, -1, dtype=np.int64)
        self._products = np.empty((most, weights.shape[1]), dtype=np.float32)
        self._used = 0

    def _together(self, rows: Rows, layout: Layout) -> Rows:
        missing = np.flatnonzero(self._slots[layout.tokens] < 0)
        if self._used + len(missing) > len(self._products):
            self._slots.fill(-1)
            self._used, missing = 0, np.arange(len(rows))
            if len(missing) > len(self._products):
                return super()._together(rows, layout)
        if len(missing):
            new, places = np.unique(layout.tokens[missing], return_index=True)
            after = self._used + len(new)
            # Repeated where they are too few: by another kernel they would have other bits.
            chosen = np.resize(missing[places], max(len(new), self.least_rows))
            self._products[self._used : after] = (rows[chosen] @ self._weights)[: len(new)]
            self._slots[new] = np.arange(self._used, after)
            self._used = after
        return self._products[self._slots[layout.tokens]]


class Layout(NamedTuple):
    """The tokens of all sentences one after another, and where each sentence is."""

    tokens: Places
    starts: Places
    sizes: Places
    starts_by_size: dict[int, list[int]]

    def around(self) -> Places:
        """Places of the tokens around each token; their number for one beyond its sentence."""
        count = len(self.tokens)
        around = np.arange(count)[:, None] + np.arange(-_BEFORE, _AFTER + 1)
        inside = around >= np.repeat(self.starts, self.sizes)[:, None]
        inside &= around < np.repeat(self.starts + self.sizes, self.sizes)[:, None]
        return np.where(inside, around, count)


def _layout(sentences: Sequence[Tokens]) -> Layout:
    sizes = np.fromiter(map(len, sentences), np.int64, len(sentences))
    starts = np.cumsum(sizes) - sizes
    by_size: dict[int, list[int]] = defaultdict(list)
    for size, start in zip(sizes.tolist(), starts.tolist(), strict=True):
        by_size[size].append(start)
    tokens = np.fromiter(chain.from_iterable(sentences), np.int64, int(sizes.sum()))
    return Layout(tokens, starts, sizes, by_size)


def _groups(sentences: Sequence[Tokens]) -> Iterator[tuple[int, int]]:
    """Ranges [first, after) of sentences that together have `_MOST_TOKENS`, or are one."""
    first = tokens = 0
    for place, sentence in enumerate(sentences):
        if place > first and tokens + len(sentence) > _MOST_TOKENS:
            yield first, place
            first, tokens = place, 0
        tokens += len(sentence)
    if sentences:
        yield first, len(sentences)


def _least_rows(weights: Rows) -> int:
    """Rows from which a row of a product depends neither on their number nor on its place."""
    rows = np.random.default_rng(0).standard_normal((3 * _TRIED, len(weights)), dtype=np.float32)
    whole = rows @ weights
    for size in range(_TRIED, 0, -1):
        for first in (0, _TRIED - 1, len(rows) - size):
            some = slice(first, first + size)
            if (rows[some] @ weights).tobytes() != whole[some].tobytes():
                return size + 1 if size < _TRIED else _NEVER
    return 1


def _row_by_row(rows: Rows, weights: Rows) -> Rows:
    """The product of every row by itself."""
    product: Rows = np.matmul(rows[:, None, :], weights)[:, 0]
    return product


def _normalize(rows: Rows, scale: Rows, shift: Rows, least: float) -> None:
    """Layer normalization of each row, in place."""
    rows -= rows.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / rows.shape[-1]
    rows *= np.reciprocal(np.sqrt(variance + least))[:, None]
    rows *= scale
    rows += shift
