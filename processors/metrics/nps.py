"""Net Promoter Score: % ratings 9-10 minus % ratings 0-6."""

from __future__ import annotations

from enum import StrEnum
from math import sqrt

from processors.metrics.rates import Z_95
from schemas.derived import Interval


class RatingClass(StrEnum):
    """What a rating of 0-10 says of the customer."""

    PROMOTER = "promoter"
    PASSIVE = "passive"
    DETRACTOR = "detractor"


def rating_class(rating: int) -> RatingClass:
    """Class of a rating: 9-10 promoter, 7-8 passive, 0-6 detractor.

    Raises:
        ValueError: the rating is not within 0-10.
    """
    if not 0 <= rating <= 10:
        raise ValueError(f"a rating lies within 0-10, not {rating}")
    if rating >= 9:
        return RatingClass.PROMOTER
    return RatingClass.PASSIVE if rating >= 7 else RatingClass.DETRACTOR


def nps(promoters: int, passives: int, detractors: int) -> Interval:
    """NPS in points (-100 to 100) with its 95 % adjusted-Wald interval; null without ratings.

    To the counts are added 3/4 promoter, 3/4 detractor and 3/2 passives (n + 3 in all), which
    centres the interval between the score and 0; with few ratings the score itself may lie
    outside it. Method: adjusted Wald for a difference of two multinomial shares (Bonett, Price).

    >>> nps(50, 30, 20)
    Interval(value=30.0, low=14.05..., high=44.20..., n=100)
    """
    n = promoters + passives + detractors
    if n == 0:
        return Interval(value=None, low=None, high=None, n=0)
    p, d = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    half = Z_95 * sqrt((p + d - (p - d) ** 2) / (n + 3))
    return Interval(
        value=100 * (promoters - detractors) / n,
        low=max(-100.0, 100 * (p - d - half)),
        high=min(100.0, 100 * (p - d + half)),
        n=n,
    )
