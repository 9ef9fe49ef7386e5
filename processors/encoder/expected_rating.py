"""The rating to be expected after a call whose customer gave none, fitted to labelled calls.

A weighted sum of the call's features is ranked among those of the calls it was learned from, and
the rating at that rank is taken. So expected ratings are distributed as given ones are, and the
shares of detractors and promoters among many calls are not drawn to the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from processors.encoder.network import Weights
from processors.scoring.scorer import CallFeatures
from schemas.conversation import Driver


def rating_features(call: CallFeatures) -> NDArray[np.float64] | None:
    """The features in the order of their weights, then a constant; None if a score is missing."""
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


def expected_rating(call: CallFeatures, weights: Weights) -> int | None:
    """The rating, 0 to 10; None where a score it needs is missing."""
    features = rating_features(call)
    if features is None:
        return None
    total = float(np.sum(features * weights.rating))
    return int(np.searchsorted(weights.rating_cuts, total, side="right"))
