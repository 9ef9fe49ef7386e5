"""Each statistic against scipy or its defining equation, its edges, and its intervals' coverage."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from processors.metrics.correlation import correlation
from processors.metrics.from_sums import figures
from processors.metrics.hourly_sums import mean_in_trillionths
from processors.metrics.nps import RatingClass, nps, rating_class
from processors.metrics.rates import Z_95, rate
from schemas.derived import Correlation, Interval
from schemas.figures import MetricWindow
from tests.figures import reference

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None)


def correlate(xs: list[int], ys: list[int]) -> Correlation:
    return correlation(
        len(xs),
        sum(xs),
        sum(x * x for x in xs),
        sum(ys),
        sum(x * y for x, y in zip(xs, ys, strict=True)),
    )


def close(got: Interval, expected: dict[str, float | int | None], tolerance: float) -> bool:
    return all(
        getattr(got, part) == pytest.approx(value, abs=tolerance)
        for part, value in expected.items()
    )


def test_ratings_fall_into_their_classes() -> None:
    classes = [rating_class(rating) for rating in range(11)]
    assert (
        classes
        == [RatingClass.DETRACTOR] * 7 + [RatingClass.PASSIVE] * 2 + [RatingClass.PROMOTER] * 2
    )
    for outside in (-1, 11):
        with pytest.raises(ValueError, match="within 0-10"):
            rating_class(outside)


@given(st.lists(st.integers(0, 10), max_size=60))
@settings(DETERMINISTIC, max_examples=200)
def test_nps_equals_the_reference(ratings: list[int]) -> None:
    classes = [rating_class(rating) for rating in ratings]
    got = nps(*(classes.count(kind) for kind in RatingClass))
    assert close(got, reference.nps(ratings), 1e-10)


def test_nps_by_hand() -> None:
    # p' = 60.75/103, d' = 10.75/103; p' - d' = 50/103; p' + d' = 71.5/103
    half = 1.959964 * math.sqrt((71.5 / 103 - (50 / 103) ** 2) / 103)
    got = nps(60, 30, 10)
    assert got.value == 50
    assert (got.low, got.high) == pytest.approx((100 * (50 / 103 - half), 100 * (50 / 103 + half)))


def test_nps_interval_is_clipped_and_undefined_without_ratings() -> None:
    assert nps(3, 0, 0).high == 100
    assert nps(0, 0, 3).low == -100
    assert nps(0, 0, 0) == Interval(value=None, low=None, high=None, n=0)


def test_wilson_equals_scipy() -> None:
    for n in (1, 2, 9, 30, 77, 2000, 10**6):
        for k in sorted({0, 1, n // 3, n // 2, n - 1, n}):
            expected = stats.binomtest(k, n).proportion_ci(method="wilson")
            got = rate(k, n)
            assert got.value == k / n
            assert (got.low, got.high) == pytest.approx((expected.low, expected.high), abs=2e-8)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(DETERMINISTIC, max_examples=200)
def test_wilson_ends_lie_z_standard_errors_from_the_rate(drawn: tuple[int, int]) -> None:
    k, n = drawn
    got = rate(k, n)
    for end in (got.low, got.high):
        assert end is not None
        assert abs(k / n - end) == pytest.approx(Z_95 * math.sqrt(end * (1 - end) / n), abs=1e-9)
    assert (got.low == 0) == (k == 0)
    assert (got.high == 1) == (k == n)


def test_a_rate_of_nothing_is_undefined_and_an_impossible_one_an_error() -> None:
    assert rate(0, 0) == Interval(value=None, low=None, high=None, n=0)
    for k, n in ((1, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="no rate"):
            rate(k, n)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 1)), min_size=10, max_size=80))
@settings(DETERMINISTIC, max_examples=200)
def test_correlation_equals_scipy(pairs: list[tuple[int, int]]) -> None:
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    got = correlate([x * 10**8 for x in xs], ys)
    expected = reference.correlation([(Fraction(x, 10_000), bool(y)) for x, y in pairs])
    assert close(got, expected, 1e-9)


def test_fisher_interval_agrees_with_scipy_s() -> None:
    rng = random.Random(5)
    ys = [rng.randrange(2) for _ in range(50)]
    xs = [rng.randrange(5000) + 2500 * y for y in ys]
    got = correlate(xs, ys)
    interval = stats.pearsonr(xs, ys).confidence_interval(0.95)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high), abs=1e-7)


def test_p_keeps_its_digits_where_r_is_nearly_one() -> None:
    xs = [0] * 30 + [10_000] * 29 + [9_999]
    ys = [0] * 30 + [1] * 30
    shared = 60 * sum(xs[30:]) - 30 * sum(xs)
    square = Fraction(shared**2, (60 * sum(x * x for x in xs) - sum(xs) ** 2) * 900)
    t = math.sqrt(58 * square / (1 - square))
    got = correlate(xs, ys)
    assert got.p is not None
    assert 0 < got.p < 1e-200
    assert got.p == pytest.approx(2 * stats.t.sf(t, 58), rel=1e-6, abs=0)


def test_a_perfect_correlation_has_the_limit_as_interval() -> None:
    ys = [0, 1] * 10
    up, down = correlate([3 + 4 * y for y in ys], ys), correlate([7 - 4 * y for y in ys], ys)
    assert (up.value, up.low, up.high, up.p) == (1.0, 1.0, 1.0, 0.0)
    assert (down.value, down.low, down.high, down.p) == (-1.0, -1.0, -1.0, 0.0)


@pytest.mark.parametrize(
    ("xs", "ys"),
    [
        ([1, 2, 3] * 3, [0, 1, 1] * 3),
        ([333_333_333_333] * 40, [0, 1] * 20),
        (list(range(40)), [1] * 40),
        (list(range(40)), [0] * 40),
        ([], []),
    ],
)
def test_correlation_is_null_where_undefined(xs: list[int], ys: list[int]) -> None:
    undefined = Correlation(value=None, low=None, high=None, n=len(xs), p=None)
    assert correlate(xs, ys) == undefined


def test_no_correlation_is_zero_not_null() -> None:
    got = correlate([1, 1, 2, 2] * 5, [0, 1] * 10)
    assert (got.value, got.p) == (0.0, 1.0)


@given(st.integers(0, 10**7), st.integers(1, 1000))
@settings(DETERMINISTIC, max_examples=200)
def test_means_are_rounded_half_even_and_equal_means_are_equal(total: int, n: int) -> None:
    assert mean_in_trillionths(total, n) == round(Fraction(total * 10**8, n))
    assert mean_in_trillionths(7 * total, 7 * n) == mean_in_trillionths(total, n)


def test_the_exact_half_goes_to_the_even() -> None:
    halves = [mean_in_trillionths(total, 2**9) for total in range(1, 40, 2)]
    assert halves == [round(Fraction(total * 10**8, 2**9)) for total in range(1, 40, 2)]
    assert any(Fraction(total * 10**8, 2**9).denominator == 2 for total in range(1, 40, 2))


AGENCIES = 2000
PROMOTER, DETRACTOR = 0.40, 0.25
CHURN, STEP = 0.25, 0.7263
"""Share that cancels; distance of their mean aggression from the others', in its sd."""


@pytest.mark.parametrize("n", [30, 100, 500, 2000])
def test_intervals_cover_the_truth_19_times_in_20(n: int) -> None:
    rng = np.random.default_rng(20260101 + n)
    ratings = rng.multinomial(n, [PROMOTER, 1 - PROMOTER - DETRACTOR, DETRACTOR], AGENCIES)
    left = rng.random((AGENCIES, n)) < CHURN
    x = np.rint(5000 + 1000 * (rng.standard_normal((AGENCIES, n)) + STEP * left)).astype(np.int64)
    spread = STEP * math.sqrt(CHURN * (1 - CHURN))
    truths = {
        "nps": 100 * (PROMOTER - DETRACTOR),
        "churn_rate": CHURN,
        "churn_correlation": spread / math.hypot(1, spread),
    }
    rows = zip(
        ratings.tolist(),
        left.sum(axis=1).tolist(),
        x.sum(axis=1).tolist(),
        (x * x).sum(axis=1).tolist(),
        (x * left).sum(axis=1).tolist(),
        strict=True,
    )
    covered, defined = dict.fromkeys(truths, 0), dict.fromkeys(truths, 0)
    for (promoters, passives, detractors), gone, x_sum, xx_sum, xy_sum in rows:
        sums = {
            "promoters": promoters,
            "passives": passives,
            "detractors": detractors,
            "matured": n,
            "cancelled": gone,
            "churn_n": n,
            "churn_x": x_sum,
            "churn_xx": xx_sum,
            "churn_y": gone,
            "churn_xy": xy_sum,
        }
        found = figures("c", "a", "all", MetricWindow.QUARTER, 0, sums)
        for name, truth in truths.items():
            interval: Interval = getattr(found, name)
            if interval.low is not None and interval.high is not None:
                defined[name] += 1
                covered[name] += interval.low <= truth <= interval.high
    for name in truths:
        assert defined[name] > 0.99 * AGENCIES
        assert 0.93 <= covered[name] / defined[name] <= 0.97, (name, covered[name] / defined[name])
