"""The choices above a board: what is asked of the store, and what is listed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from dashboards.boards.statements import literal
from dashboards.boards.tiles import ANY, Choice
from dashboards.boards.words import SEGMENT_VALUE
from dashboards.grafana.fields import DATASOURCE
from dashboards.panels import ALL_SEGMENTS, DEFAULT_WINDOW, WINDOWS
from dashboards.queries import query

Variable = dashboard.QueryVariable | dashboard.CustomVariable | dashboard.TextBoxVariable


def chosen(choice: Choice, words: Mapping[str, str]) -> Variable:
    """The variable of a choice."""
    if choice is Choice.CLIENT:
        return _asked("client", query("clients", named=True), words)
    if choice is Choice.WINDOW:
        return _listed(
            "window", [(each, words[f"window.{each}"]) for each in WINDOWS], words
        ).current(
            model.VariableOption(text=words[f"window.{DEFAULT_WINDOW}"], value=DEFAULT_WINDOW)
        )
    if choice is Choice.SEGMENT:
        return _asked("segment", _segments(words), words).current(
            model.VariableOption(text=words["segment.all"], value=ALL_SEGMENTS)
        )
    if choice is Choice.AGENCIES:
        return (
            _asked("agency", query("agencies", named=True), words)
            .multi(True)
            .include_all(True)
            # Grafana shows the word All for this value whatever the text here.
            .current(model.VariableOption(text=["All"], value=["$__all"]))
        )
    if choice is Choice.AGENCY:
        return _asked("agency", query("agencies", named=True), words)
    if choice is Choice.DRIVER:
        prefix = "driver."
        drivers = [
            (key.removeprefix(prefix), words[key]) for key in words if key.startswith(prefix)
        ]
        return _listed("driver", [(ANY, words["ui.any"]), *drivers], words).current(
            model.VariableOption(text=words["ui.any"], value=ANY)
        )
    return (
        dashboard.TextBoxVariable("conversation")
        .label(words["variable.conversation"])
        .description(words["variable.conversation.description"])
        .default_value("")
    )


def _asked(name: str, sql: str, words: Mapping[str, str]) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(words[f"variable.{name}"])
        .datasource(DATASOURCE)
        .query(sql)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def _listed(
    name: str, values: Iterable[tuple[str, str]], words: Mapping[str, str]
) -> dashboard.CustomVariable:
    listed = ",".join(f"{text} : {value}" for value, text in values)
    return dashboard.CustomVariable(name).label(words[f"variable.{name}"]).values(listed)


def _segments(words: Mapping[str, str]) -> str:
    """The segments there are figures of, each with its text."""
    prefix = f"{SEGMENT_VALUE}."
    texts = {key.removeprefix(prefix): words[key] for key in words if key.startswith(prefix)}
    keys = ", ".join(map(literal, texts))
    values = ", ".join(map(literal, texts.values()))
    return (
        f"SELECT segment, transform(segment, [{keys}], [{values}], segment) AS name\n"
        f"FROM (\n{query('segments').rstrip()}\n)\nORDER BY segment != 'all', name\n"
    )
