"""Charts: over time, over days, beside each other, against each other."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders import barchart, common, dashboard, timeseries, xychart
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import xychart as xychart_model

from dashboards.boards.statements import scaled
from dashboards.boards.tiles import Band, Bars, Counts, Curves, Lines, Points
from dashboards.grafana import links
from dashboards.grafana.fields import (
    UNDEFINED,
    UNITS,
    Properties,
    measured,
    setting,
    titled,
    worded,
)

AnyPanel = timeseries.Panel | barchart.Panel | xychart.Panel

_HOUR_MS = 3_600 * 1_000
DAILY_MS = 36 * _HOUR_MS
"""Longest time between two points that a line joins, where there is one a day."""
CLOSED_DAYS_MS = 84 * _HOUR_MS
"""The same where two days in a row may have none, as at a weekend."""

NO_TEXT = setting("noValue", UNDEFINED)
"""Of a field: else an undefined value is shown as the text of the empty panel, in tooltips, too."""

NAME_OF_AGENCY = "${__field.labels.agency}"
_BY_AGENCY = model.DataTransformerConfig(
    "partitionByValues",
    options={
        "fields": ["agency", "agency_id"],
        "keepFields": False,
        "naming": {"asLabels": True},
    },
)
"""One frame an agency, so that each has its own colour, legend and link."""


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(common_model.LegendDisplayMode.LIST)
        .placement(common_model.LegendPlacement.BOTTOM)
    )


def _colours(mode: model.FieldColorModeId) -> dashboard.FieldColor:
    return dashboard.FieldColor().mode(mode)


def _over_time(view: Lines | Band) -> timeseries.Panel:
    unit, decimals = UNITS[view.kind] or ("none", 0)
    return (
        timeseries.Panel()
        .unit(unit)
        .decimals(decimals)
        .color_scheme(_colours(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .line_width(2)
        .show_points(common_model.VisibilityMode.AUTO)
        .span_nulls(False if view.closed_days else DAILY_MS)
        .insert_nulls(CLOSED_DAYS_MS if view.closed_days else DAILY_MS)
        .axis_soft_min(scaled(view.low, view.kind))
        .axis_soft_max(scaled(view.high, view.kind))
        .legend(_legend())
    )


def _few() -> Properties:
    """Points with a small sample: alone, small, in no legend."""
    return [
        NO_TEXT,
        setting("custom.drawStyle", "points"),
        setting("custom.pointSize", 4),
        setting("custom.lineWidth", 0),
        setting("custom.hideFrom", {"viz": False, "legend": True, "tooltip": False}),
    ]


def lines(view: Lines, words: Mapping[str, str]) -> timeseries.Panel:
    """A line an agency; its points with a small sample have its name, and so its colour."""
    made = _over_time(view).display_name(NAME_OF_AGENCY)
    made.override_by_name("value", [NO_TEXT, setting("links", [links.from_series(words)])])
    made.override_by_name("few", _few())
    return made


def band(view: Band, words: Mapping[str, str]) -> timeseries.Panel:
    """One agency's figure within its interval, as a line within an area."""
    made = _over_time(view)
    blue = setting("color", {"mode": "fixed", "fixedColor": "blue"})
    behind = setting("links", [links.from_one_agency(words)])
    made.override_by_name(
        "value", [NO_TEXT, setting("displayName", words["column.value"]), blue, behind]
    )
    made.override_by_name("few", [setting("displayName", words["ui.small_sample"]), blue, *_few()])
    edge = [NO_TEXT, blue, setting("custom.lineWidth", 0), setting("custom.showPoints", "never")]
    unseen = setting("custom.hideFrom", {"viz": False, "legend": True, "tooltip": False})
    made.override_by_name("low", [setting("displayName", words["column.low"]), *edge, unseen])
    made.override_by_name(
        "high",
        [
            setting("displayName", words["column.high"]),
            *edge,
            unseen,
            setting("custom.fillBelowTo", words["column.low"]),
            setting("custom.fillOpacity", 20),
        ],
    )
    return made


def counts(view: Counts, words: Mapping[str, str]) -> timeseries.Panel:
    """A line, or stacked bars, for each column."""
    unit, decimals = UNITS[view.kind] or ("none", 0)
    made = (
        timeseries.Panel()
        .unit(unit)
        .decimals(decimals)
        .min(0)
        .color_scheme(_colours(model.FieldColorModeId.PALETTE_CLASSIC))
        .line_width(2)
        .span_nulls(False)
        .legend(_legend())
    )
    if view.stacked:
        made.draw_style(common_model.GraphDrawStyle.BARS).fill_opacity(70).line_width(0).stacking(
            common.StackingConfig().mode(common_model.StackingMode.NORMAL)
        )
    for column in view.columns:
        named = setting("displayName", words[f"column.{column}"])
        made.override_by_name(column, [NO_TEXT, named])
    return made


def points(view: Points, words: Mapping[str, str]) -> xychart.Panel:
    """A point an agency."""
    return _plane(view, words, xychart_model.XYShowMode.POINTS)


def curves(view: Curves, words: Mapping[str, str]) -> xychart.Panel:
    """A curve an agency."""
    return _plane(view, words, xychart_model.XYShowMode.LINES)


def _plane(
    view: Points | Curves, words: Mapping[str, str], show: xychart_model.XYShowMode
) -> xychart.Panel:
    """An XY chart: its colours are those of the classic palette, as it knows no others.

    Both axes have a fixed beginning, so that what has no value is outside them.
    """
    made = (
        xychart.Panel()
        .mapping(xychart_model.SeriesMapping.AUTO)
        .series([])
        .show(show)
        .line_width(2)
        .color_scheme(_colours(model.FieldColorModeId.PALETTE_CLASSIC))
        .with_transformation(_BY_AGENCY)
        .legend(_legend())
    )
    of_days = show is xychart_model.XYShowMode.LINES
    x_title = words[view.x_title] if of_days else titled(words[view.x_title], view.kind)
    of_x = [setting("decimals", 0)] if of_days else measured(view.kind)
    made.override_by_name(view.x, [setting("custom.axisLabel", x_title), setting("min", 0), *of_x])
    made.override_by_name(
        view.y,
        [
            setting("displayName", NAME_OF_AGENCY),
            setting("custom.axisLabel", titled(words[view.y_title], view.kind)),
            setting("custom.pointSize", {"fixed": 12}),
            setting("min", 0),
            setting("links", [links.from_series(words)]),
            *measured(view.kind),
        ],
    )
    return made


def bars(view: Bars, words: Mapping[str, str]) -> barchart.Panel:
    """Categories beneath each other, a bar an agency: the rows turned into a column an agency."""
    unit, decimals = UNITS[view.kind] or ("none", 0)
    made = (
        barchart.Panel()
        .unit(unit)
        .decimals(decimals)
        .min(0)
        .data_links([links.from_choices(words)])
        .orientation(common_model.VizOrientation.HORIZONTAL)
        .color_scheme(_colours(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .legend(_legend())
        .with_transformation(
            model.DataTransformerConfig(
                "groupingToMatrix",
                options={
                    "columnField": "agency",
                    "rowField": view.category,
                    "valueField": view.value,
                    "emptyValue": "null",
                },
            )
        )
    )
    if view.words is not None:
        made.override_by_name(f"{view.category}\\agency", [worded(words, view.words)])
    return made
