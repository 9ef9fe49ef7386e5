"""Reading a panel's JSON as Grafana does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]


def overrides(panel: Json) -> dict[str, Json]:
    """The properties that a panel sets of each field."""
    return {
        each["matcher"]["options"]: {each["id"]: each["value"] for each in each["properties"]}
        for each in panel["fieldConfig"]["overrides"]
    }


def values_of(key: str, tree: Any) -> Iterator[Any]:
    """All values under `key`, however deep, properties of overrides included."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from values_of(key, value)
        if tree.get("id") == key and "value" in tree:
            yield tree["value"]
    elif isinstance(tree, list):
        for each in tree:
            yield from values_of(key, each)


def result_columns(panel: Json) -> list[str]:
    """The names of the columns that the panel's query gives, in order."""
    sql = panel["targets"][0]["rawSql"]
    selected = re.search(r"^SELECT\n(.*?)\nFROM \(", sql, re.DOTALL | re.MULTILINE)
    assert selected
    lines = [line.strip().rstrip(",") for line in selected[1].split(",\n")]
    return [line.rsplit(" AS ", 1)[-1] for line in lines]


def contrast_with_white(colour: str) -> float:
    """WCAG's contrast of white on a colour as #rrggbb."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = sum(
        part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)
    )
    return 1.05 / (luminance + 0.05)
