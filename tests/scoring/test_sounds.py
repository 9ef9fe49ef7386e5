"""How alike words sound: the distance, against its plain recursive definition."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.ratings.sounds import sound_distance, sounds_of

SOUNDS = st.text(alphabet="aeioutdpkvfsZCmnlr", max_size=6)


def defined(heard: str, meant: str) -> float:
    """The cheapest way to change one into the other, by trying all; steps cost as single sounds."""

    @cache
    def cost(i: int, j: int) -> float:
        if i == 0 and j == 0:
            return 0.0
        ways = []
        if i:
            ways.append(cost(i - 1, j) + single(heard[i - 1]))
        if j:
            ways.append(cost(i, j - 1) + single(meant[j - 1]))
        if i and j:
            one, other = heard[i - 1], meant[j - 1]
            changed = min(sound_distance(one, other), single(one) + single(other))
            ways.append(cost(i - 1, j - 1) + changed)
        return min(ways)

    def single(sound: str) -> float:
        return sound_distance(sound, "")

    return cost(len(heard), len(meant)) / max(1, len(meant))


@given(SOUNDS, SOUNDS)
def test_the_distance_is_the_least_cost_of_all_ways(heard: str, meant: str) -> None:
    assert sound_distance(heard, meant) == pytest.approx(defined(heard, meant))


@given(SOUNDS, SOUNDS)
def test_only_equal_sounds_have_no_distance_and_both_ways_cost_the_same(a: str, b: str) -> None:
    assert (sound_distance(a, b) == 0.0) is (a == b)
    there, back = sound_distance(a, b) * max(1, len(b)), sound_distance(b, a) * max(1, len(a))
    assert there == pytest.approx(back)


@pytest.mark.parametrize(
    ("heard", "meant", "farther"),
    [
        ("pre", "tre", "sei"),
        ("te", "tre", "due"),
        ("botto", "otto", "sette"),
        ("se i", "sei", "due"),
        ("di eci", "dieci", "sei"),
        ("vero", "zero", "tre"),
        ("cinqui", "cinque", "quattro"),
    ],
)
def test_what_is_misheard_is_nearer_to_what_was_meant(heard: str, meant: str, farther: str) -> None:
    near = sound_distance(sounds_of(heard), sounds_of(meant))
    assert near < 0.2 < sound_distance(sounds_of(heard), sounds_of(farther))
