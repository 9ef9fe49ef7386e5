"""Tables: each column with its title, unit, width and, where it has one, its link."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from grafana_foundation_sdk.builders import table

from dashboards.boards.statements import scaled
from dashboards.boards.tiles import Column, Kind, Table
from dashboards.grafana import links
from dashboards.grafana.fields import (
    UNDEFINED,
    Properties,
    hidden,
    measured,
    setting,
    titled,
    worded,
)
from dashboards.panels import SMALL_SAMPLE

AnyTable = table.Panel

SMALL_SAMPLE_COLOUR = "#6b7280"
"""Behind a small n. Grafana writes on it in white, which is readable in both themes; on a grey
that lets the page through it writes in white, too, which is not."""


TITLE_PX, TITLE_EDGES_PX = 7.3, 16
"""How wide Grafana draws a character of a title, on average, and what is beside it."""


def drawn(view: Table, words: Mapping[str, str]) -> table.Panel:
    """A table of the view's columns."""
    made = table.Panel().show_header(view.header)
    for column in view.columns:
        made.override_by_name(column.name, _settings(column, words, header=view.header))
    return made


def _settings(column: Column, words: Mapping[str, str], *, header: bool) -> Properties:
    if column.hidden:
        return hidden()
    text = column.kind in (Kind.TEXT, Kind.SENTENCES, Kind.TIME)
    title = titled(words[column.title or f"column.{column.name}"], column.kind)
    needed = ceil(TITLE_PX * len(title) + TITLE_EDGES_PX) if header else 0
    found = [
        setting("displayName", title),
        setting("noValue", "" if text else UNDEFINED),
        setting("custom.minWidth" if column.grows else "custom.width", max(column.width, needed)),
        setting("custom.align", "left" if text else "right"),
        *measured(column.kind),
    ]
    if column.words is not None and not column.listed:
        found.append(worded(words, column.words))
    if column.kind is Kind.SENTENCES:
        found += [
            setting("custom.cellOptions", {"type": "auto", "wrapText": True}),
            setting("custom.wrapText", True),
        ]
    if column.bar is not None:
        found += _bar(column)
    if column.sample:
        found += _small_samples()
    if column.link is not None:
        found.append(setting("links", [links.from_row(column.link, words)]))
    return found


def _bar(column: Column) -> Properties:
    return [
        setting(
            "custom.cellOptions", {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        ),
        setting("color", {"mode": "fixed", "fixedColor": column.bar}),
        setting("min", scaled(column.low, column.kind)),
        setting("max", scaled(column.high, column.kind)),
    ]


def _small_samples() -> Properties:
    return [
        setting("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
        setting("color", {"mode": "thresholds"}),
        setting(
            "thresholds",
            {
                "mode": "absolute",
                "steps": [
                    {"color": SMALL_SAMPLE_COLOUR, "value": None},
                    {"color": "transparent", "value": SMALL_SAMPLE},
                ],
            },
        ),
    ]
