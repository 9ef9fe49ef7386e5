"""Each panel of the dashboards as a Grafana panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.builders import barchart, common, dashboard, table, timeseries, xychart
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import xychart as xychart_model

from dashboards.panels import SMALL_SAMPLE, Panel, Shape, Unit

DATASOURCE_TYPE = "grafana-clickhouse-datasource"
DATASOURCE_UID = "ascolto-clickhouse"
DATASOURCE = model.DataSourceRef(DATASOURCE_TYPE, DATASOURCE_UID)

TABLE, TIME_SERIES = 1, 0
"""The plugin's result formats."""

_UNITS = {
    Unit.NPS: ("none", 0),
    Unit.SCORE: ("none", 2),
    Unit.RATE: ("percentunit", 1),
    Unit.MONEY: ("currencyEUR", 0),
    Unit.CORRELATION: ("none", 2),
    Unit.COUNT: ("none", 0),
}
_COLUMN_UNITS = {
    "nps": Unit.NPS,
    "aggression": Unit.SCORE,
    "empathy": Unit.SCORE,
    "sentiment": Unit.SCORE,
    "rise_points": Unit.COUNT,
    "rise_sd": Unit.SCORE,
    "churn_rate": Unit.RATE,
    "recovery_rate": Unit.RATE,
    "amount_recovered": Unit.MONEY,
    "churn_correlation": Unit.CORRELATION,
    "payment_correlation": Unit.CORRELATION,
}
COMPARED_COLUMNS = (
    "agency",
    "calls",
    "nps",
    "nps_n",
    "aggression",
    "empathy",
    "sentiment",
    "churn_rate",
    "churn_rate_n",
    "recovery_rate",
    "amount_recovered",
    "churn_correlation",
    "payment_correlation",
    "as_of",
)
ALERT_COLUMNS = (
    "agency",
    "kind",
    "since",
    "opened_at",
    "level",
    "baseline",
    "rise_points",
    "rise_sd",
    "n",
    "quotes",
)
"""Of an alert; `level` and `baseline` keep their own digits: each kind has its own unit."""
CALL_COLUMNS = (
    "time",
    "agency",
    "aggression",
    "empathy",
    "sentiment",
    "rating",
    "rating_source",
    "harsh_words",
    "kind_words",
    "customer_words",
    "conduct_words",
    "drivers",
    "conduct",
    "churn_intent",
    "promise_to_pay",
    "why",
)
QUARTER_COLUMNS = {
    "agency": "column.agency",
    "n": "column.n",
    "least": "column.least",
    "least_low": "column.low",
    "least_high": "column.high",
    "least_n": "column.n",
    "most": "column.most",
    "most_low": "column.low",
    "most_high": "column.high",
    "most_n": "column.n",
}
"""The columns of the quarters, with the keys of their titles."""
_SENTENCES = ("quotes", "harsh_words", "kind_words", "customer_words", "conduct_words")
_GREY = "rgba(140, 150, 160, 0.35)"

AnyPanel = table.Panel | timeseries.Panel | barchart.Panel | xychart.Panel


def drawn(panel: Panel, words: Mapping[str, str], number: int) -> AnyPanel:
    """The panel as Grafana draws it; `number` is its id within the dashboard."""
    makers: dict[Shape, Callable[[Panel, Mapping[str, str]], AnyPanel]] = {
        Shape.ALERTS: _alerts,
        Shape.CALLS: _calls,
        Shape.COMPARISON: _comparison,
        Shape.FIGURE: _figure,
        Shape.PAIR: _pair,
        Shape.SERIES: _series,
        Shape.COUNTS: _counts,
        Shape.QUARTERS: _quarters,
        Shape.STAYING: _staying,
    }
    made = makers[panel.shape](panel, words)
    made.id(number)
    made.title(words[f"panel.{panel.id}.title"])
    made.description(words[f"panel.{panel.id}.description"])
    made.datasource(DATASOURCE)
    made.with_target(_Target(panel))
    made.span(panel.width)
    made.height(panel.height)
    made.no_value(words["ui.no_rows" if panel.shape is not Shape.ALERTS else "ui.no_alerts"])
    return made


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
    def __init__(self, panel: Panel) -> None:
        self._query = _RawQuery(
            panel.named_sql, TIME_SERIES if panel.shape is Shape.SERIES else TABLE
        )

    def build(self) -> Dataquery:
        return self._query


def _property(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(name, value)


def _worded(words: Mapping[str, str], prefix: str) -> model.DynamicConfigValue:
    """The texts of a column's values, each by its key `prefix.value`."""
    options = {
        key.removeprefix(f"{prefix}."): {"text": text}
        for key, text in words.items()
        if key.startswith(f"{prefix}.")
    }
    return _property("mappings", [{"type": "value", "options": options}])


def _named(made: table.Panel, words: Mapping[str, str], columns: tuple[str, ...]) -> None:
    """Gives columns their titles, units and widths."""
    for column in columns:
        properties = [_property("displayName", words[f"column.{column}"])]
        if column in _COLUMN_UNITS:
            unit, decimals = _UNITS[_COLUMN_UNITS[column]]
            properties += [_property("unit", unit), _property("decimals", decimals)]
        if column in _SENTENCES:
            properties += [
                _property("custom.cellOptions", {"type": "auto", "wrapText": True}),
                _property("custom.width", 320),
            ]
        made.override_by_name(column, properties)


def _alerts(_: Panel, words: Mapping[str, str]) -> table.Panel:
    made = table.Panel()
    _named(made, words, ALERT_COLUMNS)
    made.override_by_name("kind", [_worded(words, "alert_kind")])
    return made


def _calls(_: Panel, words: Mapping[str, str]) -> table.Panel:
    made = table.Panel().with_transformation(
        model.DataTransformerConfig(
            "filterFieldsByName", options={"include": {"names": list(CALL_COLUMNS)}}
        )
    )
    _named(made, words, CALL_COLUMNS)
    made.override_by_name("rating_source", [_worded(words, "rating_source")])
    return made


def _comparison(_: Panel, words: Mapping[str, str]) -> table.Panel:
    made = table.Panel().with_transformation(
        model.DataTransformerConfig(
            "filterFieldsByName", options={"include": {"names": list(COMPARED_COLUMNS)}}
        )
    )
    _named(made, words, COMPARED_COLUMNS)
    made.override_by_name("nps_n", _greys_its_row(words["column.nps_n"]))
    made.override_by_name("amount_recovered", [_property("noValue", words["ui.not_matured"])])
    return made


def _figure(panel: Panel, words: Mapping[str, str]) -> table.Panel:
    """Agencies one beneath the other: a bar, the interval's ends, and n, greyed when small."""
    unit, decimals = _UNITS[panel.unit]
    made = table.Panel().cell_height(common_model.TableCellHeight.MD)
    _named(made, words, ("agency", "low", "high"))
    value = [
        _property("displayName", words[f"panel.{panel.id}.title"]),
        _property("custom.cellOptions", {"type": "gauge", "mode": "basic"}),
        _property("color", {"mode": "fixed", "fixedColor": "blue"}),
    ]
    bounds = (("min", panel.low), ("max", panel.high))
    value += [_property(name, bound) for name, bound in bounds if bound is not None]
    if panel.unit is Unit.MONEY:
        value.append(_property("noValue", words["ui.not_matured"]))
    made.override_by_name("value", value)
    for column in ("value", "low", "high"):
        made.override_by_name(column, [_property("unit", unit), _property("decimals", decimals)])
    made.override_by_name("n", _greys_its_row(words["column.n"]))
    made.override_by_name("as_of", [_property("custom.hidden", True)])
    return made


def _greys_its_row(title: str) -> list[model.DynamicConfigValue]:
    return [
        _property("displayName", title),
        _property(
            "custom.cellOptions", {"type": "color-background", "mode": "basic", "applyToRow": True}
        ),
        _property("color", {"mode": "thresholds"}),
        _property(
            "thresholds",
            {
                "mode": "absolute",
                "steps": [
                    {"color": _GREY, "value": None},
                    {"color": "transparent", "value": SMALL_SAMPLE},
                ],
            },
        ),
    ]


def _by_name() -> dashboard.FieldColor:
    return dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)


def _pair(panel: Panel, words: Mapping[str, str]) -> xychart.Panel:
    """A point an agency: one frame each, so that each has its own colour and legend."""
    unit, decimals = _UNITS[panel.unit]
    made = (
        xychart.Panel()
        .unit(unit)
        .decimals(decimals)
        .min(0)
        .color_scheme(_by_name())
        .with_transformation(
            model.DataTransformerConfig(
                "filterFieldsByName",
                options={"include": {"names": ["agency", "recovery_rate", "churn_rate"]}},
            )
        )
        .with_transformation(
            model.DataTransformerConfig(
                "partitionByValues",
                options={"fields": ["agency"], "keepFields": False, "naming": {"asLabels": True}},
            )
        )
    )
    axes = {"recovery_rate": "ui.collected_axis", "churn_rate": "ui.lost_axis"}
    for column, key in axes.items():
        made.override_by_regexp(f"^{column}", [_property("custom.axisLabel", words[key])])
    made.override_by_regexp("^churn_rate", [_property("displayName", "${__field.labels.agency}")])
    return made


def _series(panel: Panel, _: Mapping[str, str]) -> timeseries.Panel:
    unit, decimals = _UNITS[panel.unit]
    made = (
        timeseries.Panel()
        .unit(unit)
        .decimals(decimals)
        .color_scheme(_by_name())
        .display_name("${__field.labels.agency} ${__field.labels.sample}")
        .line_width(2)
        .show_points(common_model.VisibilityMode.ALWAYS)
        .span_nulls(True)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(common_model.LegendDisplayMode.LIST)
            .placement(common_model.LegendPlacement.BOTTOM)
        )
    )
    if panel.low is not None and panel.high is not None:
        made.axis_soft_min(panel.low).axis_soft_max(panel.high)
    return made


def _counts(_: Panel, words: Mapping[str, str]) -> barchart.Panel:
    """Reasons beneath each other, a bar an agency: the rows turned into a column an agency."""
    made = (
        barchart.Panel()
        .decimals(0)
        .orientation(common_model.VizOrientation.HORIZONTAL)
        .color_scheme(_by_name())
        .with_transformation(
            model.DataTransformerConfig(
                "groupingToMatrix",
                options={
                    "columnField": "agency",
                    "rowField": "driver",
                    "valueField": "calls",
                    "emptyValue": "zero",
                },
            )
        )
    )
    made.override_by_name("driver\\agency", [_worded(words, "driver")])
    return made


def _quarters(panel: Panel, words: Mapping[str, str]) -> table.Panel:
    """Agencies one beneath the other: churn of both quarters, as bars, with interval and n."""
    unit, decimals = _UNITS[panel.unit]
    made = table.Panel()
    for column, key in QUARTER_COLUMNS.items():
        properties = [_property("displayName", words[key])]
        if column.startswith(("least", "most")) and not column.endswith("_n"):
            properties += [_property("unit", unit), _property("decimals", decimals)]
        made.override_by_name(column, properties)
    for column, colour in (("least", "green"), ("most", "red")):
        made.override_by_name(
            column,
            [
                _property("custom.cellOptions", {"type": "gauge", "mode": "basic"}),
                _property("color", {"mode": "fixed", "fixedColor": colour}),
                _property("min", panel.low),
                _property("max", panel.high),
            ],
        )
    return made


def _staying(panel: Panel, words: Mapping[str, str]) -> xychart.Panel:
    """A curve an agency over the days since first contact: one frame each, as in `_pair`."""
    unit, decimals = _UNITS[panel.unit]
    made = (
        xychart.Panel()
        .decimals(decimals)
        .color_scheme(_by_name())
        .show(xychart_model.XYShowMode.LINES)
        .line_width(2)
        .with_transformation(
            model.DataTransformerConfig(
                "filterFieldsByName", options={"include": {"names": ["agency", "day", "value"]}}
            )
        )
        .with_transformation(
            model.DataTransformerConfig(
                "partitionByValues",
                options={"fields": ["agency"], "keepFields": False, "naming": {"asLabels": True}},
            )
        )
    )
    made.override_by_regexp("^day", [_property("custom.axisLabel", words["ui.days_axis"])])
    made.override_by_regexp(
        "^value",
        [
            _property("unit", unit),
            _property("max", panel.high),
            _property("custom.axisLabel", words["ui.staying_axis"]),
            _property("displayName", "${__field.labels.agency}"),
        ],
    )
    return made
