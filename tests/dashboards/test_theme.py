"""The page's colours, measured: contrast of texts and figures, and what colour-blind people see."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

Colours = dict[str, str]

TEXTS = ("ink", "soft", "link", "harsh", "kind", "mood", "few", "warn")
GROUNDS = ("paper", "ground")
AGENCIES = tuple(f"agency-{number}" for number in range(1, 9))

_SEEN = {
    "everybody": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
"""What is seen of linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1)."""
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])
APART = 17.0
"""Distance in CIELAB; 2.3 is what can just be seen when colours touch."""


def themes() -> dict[str, Colours]:
    """The colours of each block of theme.css: light, dark by the system, dark as chosen, print."""
    css = files("dashboards.preview").joinpath("static", "theme.css").read_text(encoding="utf-8")
    blocks = re.findall(r"\{([^{}]*--ink[^{}]*)\}", css)
    found = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block)) for block in blocks]
    return dict(zip(("light", "dark", "dark chosen", "print"), found, strict=True))


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.asarray(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4))


def contrast(one: str, other: str) -> float:
    dark, light = sorted(float((_TO_XYZ @ linear(each))[1]) for each in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(_TO_XYZ @ np.clip(seen @ linear(colour), 0, 1) / _WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", ["light", "dark", "print"])
def test_texts_stand_out_from_what_they_stand_on(name: str) -> None:
    theme = themes()["light"] | themes()[name]
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    pairs += [(tone, f"{tone}-ground") for tone in ("harsh", "kind", "warn")]
    pairs += [("on-deep", "deep"), ("ink", "sunk"), ("ink", "mood-ground"), ("soft", "sunk")]
    low = {pair: contrast(theme[pair[0]], theme[pair[1]]) for pair in pairs}
    assert {pair: round(value, 2) for pair, value in low.items() if value < 4.5} == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_agencies_can_be_told_apart_by_everybody(name: str) -> None:
    theme = themes()[name]
    assert min(contrast(theme[agency], theme["paper"]) for agency in AGENCIES) >= 3
    for who, seen in _SEEN.items():
        for one, other in combinations(AGENCIES[:4], 2):
            apart = np.linalg.norm(lab(theme[one], seen) - lab(theme[other], seen))
            assert apart >= APART, (who, one, other)
        assert np.linalg.norm(lab(theme["harsh"], seen) - lab(theme["kind"], seen)) >= APART, who


def test_dark_is_dark_however_it_is_chosen() -> None:
    assert themes()["dark"] == themes()["dark chosen"]
    assert set(themes()["light"]) == set(themes()["dark"])


def test_no_colour_has_two_meanings() -> None:
    for name in ("light", "dark"):
        theme = themes()[name]
        meanings = [theme[each] for each in (*AGENCIES, "harsh", "kind", "mood", "few", "warn")]
        assert len(set(meanings)) == len(meanings)
