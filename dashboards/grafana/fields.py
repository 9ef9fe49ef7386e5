"""What all panels share: their data source, the units of fields, and what is set of a field."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.models import dashboard as model

from dashboards.boards.tiles import Kind

DATASOURCE_TYPE = "grafana-clickhouse-datasource"
DATASOURCE_UID = "ascolto-clickhouse"
DATASOURCE = model.DataSourceRef(DATASOURCE_TYPE, DATASOURCE_UID)

PLUGIN_VERSION = "11.6.0"
"""The oldest Grafana whose options the panels have: later ones migrate them from there.

Without it, Grafana takes an XY chart for one of before 10.4, and cannot draw it.
"""

DATE_AND_TIME = "time:DD/MM/YYYY HH:mm"
UNDEFINED = "–"
"""Of a figure that is not defined: never 0."""

UNITS: Mapping[Kind, tuple[str, int] | None] = {
    Kind.TEXT: None,
    Kind.SENTENCES: None,
    Kind.TIME: (DATE_AND_TIME, 0),
    Kind.COUNT: ("locale", 0),
    Kind.NPS: ("locale", 0),
    Kind.SCORE: ("locale", 2),
    Kind.RATE: ("locale", 1),
    Kind.MONEY: ("locale", 0),
    Kind.CORRELATION: ("locale", 2),
    Kind.SECONDS: ("suffix: s", 0),
    Kind.DURATION: ("dthms", 0),
    Kind.BYTES: ("bytes", 1),
    Kind.PER_SECOND: ("locale", 2),
}
"""Grafana's unit and the decimals; none for text.

`locale` writes numbers as the reader's browser does, with a decimal comma in Italian; Grafana's
percentages, currencies and times are English ('12.5%', '€81K', '4.0 mins'). Amounts have their
currency in the title, and shares are per cent, which titles say.
"""

Properties = list[model.DynamicConfigValue]


def setting(name: str, value: object) -> model.DynamicConfigValue:
    """A property of a field, as an override sets it."""
    return model.DynamicConfigValue(name, value)


def measured(kind: Kind) -> Properties:
    """The unit and the decimals of a kind."""
    unit = UNITS[kind]
    return [] if unit is None else [setting("unit", unit[0]), setting("decimals", unit[1])]


def titled(title: str, kind: Kind) -> str:
    """The title of a column, an axis or a panel whose values are of a kind."""
    return f"{title} (%)" if kind is Kind.RATE else title


def worded(words: Mapping[str, str], prefix: str) -> model.DynamicConfigValue:
    """The texts of a field's values, each by its key `prefix.value`."""
    options = {
        key.removeprefix(f"{prefix}."): {"text": text, "index": index}
        for index, (key, text) in enumerate(sorted(words.items()))
        if key.startswith(f"{prefix}.")
    }
    return setting("mappings", [{"type": "value", "options": options}])


def hidden() -> Properties:
    """Not shown in a table: Grafana calls it one way up to 12.1, and another since."""
    return [
        setting("custom.hidden", True),
        setting("custom.hideFrom", {"viz": True, "legend": True, "tooltip": True}),
    ]
