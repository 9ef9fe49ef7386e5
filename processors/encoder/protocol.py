"""The interface of a sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns texts into vectors of their meaning (embeddings)."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text.

        A row's bits depend on its text alone, not on the other texts: scores are summed exactly
        everywhere in the system, and replays must give equal ones.
        """
        ...
