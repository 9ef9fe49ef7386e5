"""A change of structure changes no score, no redaction and no word of the commands' help."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.pinned.outputs import HERE, PINNED

ROUNDING = 0.002
"""Scores come from matrix products, whose last digits differ between processors."""


@pytest.mark.parametrize("name", PINNED)
def test_output_is_as_it_was(name: str) -> None:
    read = json.loads if name.endswith(".jsonl") else str
    pinned = (HERE / name).read_text(encoding="utf-8").splitlines()
    now = list(PINNED[name]())
    changed = [
        f"line {number}: {before}\n       now: {after}"
        for number, (before, after) in enumerate(zip(pinned, now, strict=False), start=1)
        if not _equal(read(before), read(after))
    ]
    assert not changed, "\n".join(changed[:5])
    assert len(now) == len(pinned)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= ROUNDING
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
