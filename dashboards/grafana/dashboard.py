"""Builds Grafana's dashboards from the panels' one definition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards.grafana.charts import DATASOURCE, drawn
from dashboards.panels import ALL_SEGMENTS, DASHBOARD_UID, DEFAULT_WINDOW, OVERVIEW, WINDOWS
from dashboards.queries import query
from dashboards.texts import DEFAULT_LANGUAGE, texts


def build(out: Path, language: str = DEFAULT_LANGUAGE) -> list[Path]:
    """Write every dashboard's JSON into `out`, which is created; returns the files' paths.

    Raises ValueError for a language there are no texts in.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{DASHBOARD_UID}.json"
    path.write_text(
        json.dumps(overview(language), indent=2, ensure_ascii=False, sort_keys=True) + "\n",
        encoding="utf-8",
    )
    return [path]


def all_dashboards(language: str = DEFAULT_LANGUAGE) -> list[dict[str, Any]]:
    """Every dashboard as Grafana's JSON model; the overview comes first."""
    return [overview(language)]


def overview(language: str = DEFAULT_LANGUAGE) -> dict[str, Any]:
    """The dashboard 'Agenzie a confronto' as Grafana's JSON model."""
    words = texts(language)
    made = (
        dashboard.Dashboard(words["dashboard.title"])
        .uid(DASHBOARD_UID)
        .description(words["dashboard.description"])
        .tags(["ascolto"])
        .timezone("utc")
        .time("now-90d", "now")
        .refresh("10s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(_query_variable("client", query("clients", named=True), words))
        .with_variable(_window_variable(words))
        .with_variable(
            _query_variable("segment", query("segments"), words).current(
                model.VariableOption(text=ALL_SEGMENTS, value=ALL_SEGMENTS)
            )
        )
        .with_variable(
            _query_variable("agency", query("agencies", named=True), words)
            .multi(True)
            .include_all(True)
            .current(model.VariableOption(text=["All"], value=["$__all"]))
        )
    )
    for number, panel in enumerate(OVERVIEW, start=1):
        made.with_panel(drawn(panel, words, number))
    plain: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    return plain


def _query_variable(name: str, sql: str, words: Mapping[str, str]) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(words[f"variable.{name}"])
        .datasource(DATASOURCE)
        .query(sql)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def _window_variable(words: Mapping[str, str]) -> dashboard.CustomVariable:
    options = [
        model.VariableOption(
            text=words[f"window.{window}"], value=window, selected=window == DEFAULT_WINDOW
        )
        for window in WINDOWS
    ]
    listed = ",".join(f"{words[f'window.{window}']} : {window}" for window in WINDOWS)
    return (
        dashboard.CustomVariable("window")
        .label(words["variable.window"])
        .values(listed)
        .options(options)
        .current(next(option for option in options if option.selected))
    )
