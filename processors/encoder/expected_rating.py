"""The rating to be expected after a call whose customer gave none, fitted to labelled calls.

A weighed sum of the call's signs is put in order with those of the calls it was learned from,
and the rating that as many of these had is taken: so expected ratings are spread as given ones,
and the share of detractors and promoters among many calls is not drawn to the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from processors.encoder.network import Weights
from processors.scoring.scorer import CallSigns
from schemas.conversation import Driver


def rating_signs(call: CallSigns) -> NDArray[np.float64] | None:
    """The signs in the order of their weights, a constant last; None where a score is missing."""
    if call.sentiment is None or call.aggression is None or call.empathy is None:
        return None
    drivers = [float(driver in call.drivers) for driver in Driver]
    return np.array(
        [
            call.sentiment,
            call.change or 0.0,
            call.aggression,
            call.empathy,
            float(call.leaves),
            float(call.promises),
            *drivers,
            1.0,
        ]
    )


def expected_rating(call: CallSigns, weights: Weights) -> int | None:
    """The rating, 0 to 10; None where a score it needs is missing."""
    signs = rating_signs(call)
    if signs is None:
        return None
    total = float(np.sum(signs * weights.rating))
    return int(np.searchsorted(weights.rating_cuts, total, side="right"))
