"""How alike Italian words sound: what a transcriber confuses on a telephone line.

A word is spelt by its sounds, one letter each; the distance of two spellings is the least cost of
changing one into the other, where sounds that a telephone's band (300 to 3,400 Hz) blurs cost less:
t for p or k, s for f, m for n. It is a rule of thumb for few, known words, not a phonology.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import Final

from processors.text.tokens import fold

_SPELLINGS: Final = (
    (re.compile(r"gli"), "Li"),
    (re.compile(r"gn"), "N"),
    (re.compile(r"sc(?=[ei])"), "S"),
    (re.compile(r"c+i(?=[aou])|c+(?=[ei])"), "C"),
    (re.compile(r"g+i(?=[aou])|g+(?=[ei])"), "J"),
    (re.compile(r"ch|ck|c|q"), "k"),
    (re.compile(r"gh"), "g"),
    (re.compile(r"ku(?=[aeio])"), "kw"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"z"), "Z"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"[jy]"), "i"),
    (re.compile(r"h|[^A-Za-z]"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)
"""In this order; C and J as in 'ciao' and 'già', S as in 'sci', Z as in 'zero'."""

_VOWELS: Final = frozenset("aeiou")
_INSERTED: Final = 0.5
_VOWEL_INSERTED: Final = 0.6
_OTHER_CONSONANT, _OTHER_VOWEL, _OTHER_KIND = 0.7, 0.6, 1.0


def _alike() -> Mapping[tuple[str, str], float]:
    groups = {
        0.25: ("pb", "td", "kg", "fv", "sZ", "CJ", "bv"),
        0.3: ("fsS", "mnN", "ZC", "Zt", "Cs", "st"),
        0.35: ("ptk", "bdg", "lrL", "Zd"),
        0.4: ("nlr", "vd", "Zv", "pv", "ei", "ou"),
        0.5: ("Zp", "Zf", "ae", "ao", "mv", "mb", "nd", "nv"),
    }
    costs: dict[tuple[str, str], float] = {}
    for cost, sounds in groups.items():
        for group in sounds:
            for one, other in combinations(group, 2):
                costs.setdefault((one, other), cost)
                costs.setdefault((other, one), cost)
    return costs


_ALIKE: Final = _alike()


@lru_cache(maxsize=16_384)
def sounds_of(text: str) -> str:
    """`text` by its sounds, without pauses: 'se i' and 'sei' are the same.

    >>> sounds_of("Un dieci"), sounds_of("di eci"), sounds_of("quattro")
    ('undieCi', 'dieCi', 'kwatro')
    """
    spelt = fold(text).replace(" ", "")
    for pattern, sound in _SPELLINGS:
        spelt = pattern.sub(sound, spelt)
    return spelt


@lru_cache(maxsize=65_536)
def sound_distance(heard: str, meant: str) -> float:
    """Cost of changing the sounds `heard` into `meant`, a sound of `meant`; 0 where they are equal.

    >>> sound_distance(sounds_of("botto"), sounds_of("otto")) < 0.2
    True
    """
    row = [0.0]
    for sound in meant:
        row.append(row[-1] + _inserted(sound))
    for one in heard:
        diagonal, row[0] = row[0], row[0] + _inserted(one)
        for at, other in enumerate(meant, 1):
            least = min(
                row[at] + _inserted(one),
                row[at - 1] + _inserted(other),
                diagonal + _changed(one, other),
            )
            diagonal, row[at] = row[at], least
    return row[-1] / max(1, len(meant))


def _inserted(sound: str) -> float:
    return _VOWEL_INSERTED if sound in _VOWELS else _INSERTED


def _changed(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if (one in _VOWELS) != (other in _VOWELS):
        return _OTHER_KIND
    usual = _OTHER_VOWEL if one in _VOWELS else _OTHER_CONSONANT
    return _ALIKE.get((one, other), usual)
