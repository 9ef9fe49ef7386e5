"""Expands Grafana's macros and dashboard variables where there is no Grafana.

A reader's choices never become SQL text: they are passed as query parameters, which the
engine binds; times become integers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboards.panels import ALL_SEGMENTS, DEFAULT_WINDOW, WINDOWS
from schemas.errors import AscoltoError
from schemas.events import EARLIEST, LATEST

_LABEL = re.compile(r"[^\s|]{1,128}")
_TIME_FILTER = re.compile(r"\$__timeFilter\(\s*(\w+)\s*\)")
_CONDITIONAL = re.compile(r"\$__conditionalAll\((?P<condition>.+?), \$agency\)")
_VARIABLE = re.compile(r"\$\{(\w+):singlequote\}")
_EITHER = re.compile(
    r"^ *-- of everything\n(?P<all>.*?)"
    r"^ *UNION ALL -- of a segment\n(?P<segment>.*?)^ *-- either\n",
    re.MULTILINE | re.DOTALL,
)
"""Two sources of the same rows, of which the chosen segment leaves one empty."""
_LEFT_OVER = re.compile(r"\$\{|\$\w")

_NO_MORE: Mapping[str, str] = {}
_SHOWN_DAYS = {"24h": 7, "7d": 30, "30d": 90, "90d": 180}


class InvalidChoiceError(AscoltoError, ValueError):
    """A choice that a dashboard cannot show."""


@dataclass(frozen=True)
class Choices:
    """What a reader chose: the values of the dashboard's variables and its time.

    `agencies` is empty for all. Raises InvalidChoiceError for values that no event can carry.
    """

    client: str
    to: datetime
    window: str = DEFAULT_WINDOW
    segment: str = ALL_SEGMENTS
    agencies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.window not in WINDOWS:
            raise InvalidChoiceError("window")
        for label in (self.client, self.segment, *self.agencies):
            if not _LABEL.fullmatch(label):
                raise InvalidChoiceError("label")
        if self.to.tzinfo is None or not EARLIEST <= self.to < LATEST:
            raise InvalidChoiceError("time")

    @property
    def since(self) -> datetime:
        """Start of the charts over time: wide enough to see the window move."""
        return self.to - timedelta(days=_SHOWN_DAYS[self.window])


def expand(
    sql: str, choices: Choices, more: Mapping[str, str] = _NO_MORE
) -> tuple[str, dict[str, Any]]:
    """SQL that the engine understands, and the parameters to bind.

    `more` are the values of further variables, all of them texts.

    Raises ValueError when the SQL holds a macro or variable that is not known here.
    """
    start, end = _instant(choices.since), _instant(choices.to)
    values: Mapping[str, tuple[str, Any]] = {
        "client": ("String", choices.client),
        "window": ("String", choices.window),
        "segment": ("String", choices.segment),
        "agency": ("Array(String)", list(choices.agencies)),
        **{name: ("String", value) for name, value in more.items()},
    }
    bound: dict[str, Any] = {}

    def bind(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ValueError(f"unknown variable {name}")
        kind, bound[name] = values[name]
        return f"{{{name}:{kind}}}"

    # The engine would plan the empty one, too, which takes several times as long as the other.
    sql = _EITHER.sub(lambda m: m["all" if choices.segment == ALL_SEGMENTS else "segment"], sql)
    sql = _CONDITIONAL.sub(lambda m: m["condition"] if choices.agencies else "1=1", sql)
    sql = _TIME_FILTER.sub(lambda m: f"({m[1]} >= {start} AND {m[1]} <= {end})", sql)
    sql = sql.replace("$__fromTime", start).replace("$__toTime", end)
    sql = _VARIABLE.sub(bind, sql)
    if left := _LEFT_OVER.search(sql):
        raise ValueError(f"unknown macro at {sql[left.start() : left.start() + 30]!r}")
    return sql, bound


def _instant(time: datetime) -> str:
    return f"toDateTime({int(time.astimezone(UTC).timestamp())}, 'UTC')"
