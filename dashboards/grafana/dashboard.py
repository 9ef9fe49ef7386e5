"""Builds Grafana's dashboards from the boards' one definition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as model

from dashboards.boards import BOARDS
from dashboards.boards.statements import statement
from dashboards.boards.tiles import (
    Band,
    Bars,
    Board,
    Counts,
    Curves,
    Lines,
    Points,
    Table,
    Tile,
)
from dashboards.boards.words import board_words
from dashboards.grafana import charts, tables
from dashboards.grafana.alert_marks import alert_marks_sql
from dashboards.grafana.fields import DATASOURCE, PLUGIN_VERSION, titled
from dashboards.grafana.variables import chosen
from dashboards.texts import DEFAULT_LANGUAGE
from schemas.errors import AscoltoError

DEFAULT_TIMEZONE = "Europe/Rome"
TAG = "ascolto"
TABLE, TIME_SERIES = 1, 0
"""The plugin's result formats."""


class UnknownTimezoneError(AscoltoError, ValueError):
    """A name that no time zone has."""


def build(
    out: Path, language: str = DEFAULT_LANGUAGE, timezone: str = DEFAULT_TIMEZONE
) -> list[Path]:
    """Write every dashboard's JSON into `out`, which is created; returns the files' paths.

    `timezone` is the client company's, an IANA name: times are shown, and hours of the day counted,
    in it. Raises ValueError for a language there are no texts in, and UnknownTimezoneError.
    """
    made = all_dashboards(language, timezone)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for each in made:
        path = out / f"{each['uid']}.json"
        path.write_text(
            json.dumps(each, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
        )
        paths.append(path)
    return paths


def all_dashboards(
    language: str = DEFAULT_LANGUAGE, timezone: str = DEFAULT_TIMEZONE
) -> list[dict[str, Any]]:
    """Every board as Grafana's JSON model; likewise."""
    return [as_json(board, language, timezone) for board in BOARDS]


def as_json(
    board: Board, language: str = DEFAULT_LANGUAGE, timezone: str = DEFAULT_TIMEZONE
) -> dict[str, Any]:
    """One board as Grafana's JSON model; likewise."""
    words = board_words(language)
    _check_timezone(timezone)
    made = (
        dashboard.Dashboard(words[f"board.{board.id}.title"])
        .uid(board.uid)
        .description(words[f"board.{board.id}.description"])
        .tags([TAG])
        .timezone(timezone)
        .week_start("monday")
        .time(board.since, "now")
        .refresh(board.refresh)
        .timepicker(dashboard.TimePicker().refresh_intervals(["30s", "1m", "5m", "15m", "1h"]))
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
    )
    for other in BOARDS:
        if other is not board:
            made.link(_to_board(other, words))
    for choice in board.choices:
        made.with_variable(chosen(choice, words))
    number = 0
    for section in board.sections:
        number += 1
        made.with_row(dashboard.Row(words[f"section.{section.id}"]).id(number))
        for tile in section.tiles:
            number += 1
            made.with_panel(_panel(tile, words, timezone).id(number))
    plain: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    for each in plain["panels"]:
        each["pluginVersion"] = PLUGIN_VERSION
    if board.alerts_marked:
        plain["annotations"] = {"list": [_alert_marks(language, words)]}
    return plain


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # that it is not found is a KeyError
        raise UnknownTimezoneError(
            f"{name!r} is no time zone; write an IANA name, as Europe/Rome"
        ) from error


def _to_board(board: Board, words: Mapping[str, str]) -> dashboard.DashboardLink:
    """A link at the top that takes the choices and the time along."""
    return (
        dashboard.DashboardLink(words[f"board.{board.id}.title"])
        .type(model.DashboardLinkType.LINK)
        .url(f"/d/{board.uid}")
        .icon("dashboard")
        .include_vars(True)
        .keep_time(True)
    )


class _RawQuery(Dataquery):
    """A target of the ClickHouse plugin: SQL as written."""

    def __init__(self, sql: str, form: int) -> None:
        self._sql = sql
        self._form = form

    def to_json(self) -> dict[str, object]:
        """The plugin's own shape of a target."""
        return {
            "refId": "A",
            "datasource": DATASOURCE,
            "editorType": "sql",
            "rawSql": self._sql,
            "format": self._form,
            "queryType": "table" if self._form == TABLE else "timeseries",
        }


class _Target(Builder[Dataquery]):
    def __init__(self, sql: str, form: int) -> None:
        self._query = _RawQuery(sql, form)

    def build(self) -> Dataquery:
        return self._query


def _panel(
    tile: Tile, words: Mapping[str, str], timezone: str
) -> charts.AnyPanel | tables.AnyTable:
    made = _drawn(tile, words)
    overtime = isinstance(tile.view, Lines | Band | Counts)
    title = words[f"panel.{tile.id}.title"]
    made.title(title if isinstance(tile.view, Table | Points) else titled(title, tile.view.kind))
    made.description(described(tile, words))
    made.datasource(DATASOURCE)
    made.with_target(_Target(statement(tile, words, timezone), TIME_SERIES if overtime else TABLE))
    made.span(tile.width)
    made.height(tile.height)
    made.no_value(words[tile.empty])
    return made


def _drawn(tile: Tile, words: Mapping[str, str]) -> charts.AnyPanel | tables.AnyTable:
    view = tile.view
    if isinstance(view, Table):
        return tables.drawn(view, words)
    if isinstance(view, Lines):
        return charts.lines(view, words)
    if isinstance(view, Band):
        return charts.band(view, words)
    if isinstance(view, Points):
        return charts.points(view, words)
    if isinstance(view, Curves):
        return charts.curves(view, words)
    if isinstance(view, Bars):
        return charts.bars(view, words)
    return charts.counts(view, words)


def described(tile: Tile, words: Mapping[str, str]) -> str:
    """What is measured, what its n counts, and where the figures come from."""
    return "\n\n".join(
        [
            words[f"panel.{tile.id}.description"],
            words[f"counted.{tile.counted}"],
            words[f"source.{tile.source}"],
        ]
    )


def _alert_marks(language: str, words: Mapping[str, str]) -> dict[str, object]:
    """Alerts and notes on them as marked times on the charts over time."""
    source = {"type": DATASOURCE.type_val, "uid": DATASOURCE.uid}
    return {
        "name": words["ui.alerts_marked"],
        "datasource": source,
        "enable": True,
        "hide": False,
        "iconColor": "red",
        "target": {
            "refId": "Anno",
            "datasource": source,
            "editorType": "sql",
            "rawSql": alert_marks_sql(language),
            "format": TABLE,
            "queryType": "table",
        },
    }
