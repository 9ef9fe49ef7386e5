"""A tile's SQL as Grafana sends it: the query of its file, with names, words and only its columns.

Names of agencies come last, around the query, so that what is counted is counted by id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import indent

from dashboards.boards.tiles import (
    ANY,
    Band,
    Bars,
    Column,
    Curves,
    Kind,
    Lines,
    Points,
    Table,
    Tile,
)
from dashboards.panels import SMALL_SAMPLE
from dashboards.queries import agency_name, query

_WORD = re.compile(r"\{\{word:([\w.]+)\}\}")
"""The place of a text: its key."""
_TIMEZONE = "{{timezone}}"
_LEAST_SHOWN = {Kind.NPS: 0.5, Kind.SCORE: 0.005, Kind.CORRELATION: 0.005}
"""Of what may be negative, the least value that is not rounded to 0."""
OUTSIDE = -1
"""Where no axis of a chart of shares reaches: a point there names its series and is not drawn."""


def statement(tile: Tile, words: Mapping[str, str], timezone: str) -> str:
    """The SQL of a tile, its words in one language, hours of the day in `timezone`.

    Raises KeyError for a word there is no text of.
    """
    sql = filled(query(tile.query, tile.figure, named=not tile.by_agency), words, timezone)
    for name, value in tile.constants.items():
        sql = sql.replace(f"${{{name}:singlequote}}", literal(value))
    for name in tile.optional:
        given = f"${{{name}:singlequote}}"
        sql = sql.replace(given, f"replaceOne({given}, {literal(ANY)}, '')")
    return _shaped(tile, _by_id(sql) if tile.by_agency else sql, words)


def filled(sql: str, words: Mapping[str, str], timezone: str) -> str:
    """`sql` with the texts and the time zone in their places."""
    sql = _WORD.sub(lambda place: literal(words[place[1]]), sql)
    return sql.replace(_TIMEZONE, literal(timezone))


def literal(text: str) -> str:
    """`text` as a string of SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _by_id(sql: str) -> str:
    """The agency's id beside its name; what else the query gives, as it is."""
    inner = f"SELECT agency AS agency_id, * EXCEPT (agency)\nFROM (\n{indent(sql, '    ')})\n"
    name = agency_name("agency_id")
    return f"SELECT {name} AS agency, *\nFROM (\n{indent(inner, '    ')})\n"


def _shaped(tile: Tile, sql: str, words: Mapping[str, str]) -> str:
    """The columns that the tile's view draws, in the order it draws them."""
    view = tile.view
    within = f"FROM (\n{indent(sql, '    ')}) AS drawn\n"
    if isinstance(view, Table):
        return _select([_column(each, words) for each in view.columns], within)
    if isinstance(view, Lines):
        apart = _apart("drawn.sample = ''", view.kind)
        return _select(["time", "agency", "agency_id", *apart], within, "time, agency")
    if isinstance(view, Band):
        inside = "drawn.low <= drawn.value AND drawn.value <= drawn.high"
        ends = [
            f"if({inside}, {_scaled(f'drawn.{end}', view.kind)}, NULL) AS {end}"
            for end in ("low", "high")
        ]
        apart = _apart(f"drawn.n >= {SMALL_SAMPLE}", view.kind)
        return _select(["time", *ends, *apart], within, "time")
    if isinstance(view, Points | Curves):
        return _never_empty(view, within, words[tile.empty])
    if isinstance(view, Bars):
        return _every_bar(view, within)
    return _select(["time", *view.columns], within, "time")


def _every_bar(view: Bars, within: str) -> str:
    """Each category of each agency, 0 where it has none: an absent one would be an empty text."""
    name = "agency" if view.n is None else f"{_said_small(view.n)} AS agency"
    value = _scaled(f"toFloat64({view.value})", view.kind)
    given = _select([name, view.category, f"{value} AS bar"], within)
    apart = [
        _select([f"DISTINCT {column}"], "FROM given\n") for column in ("agency", view.category)
    ]
    pairs = " CROSS JOIN ".join(
        f"(\n{indent(each, '    ')}) AS {name}"
        for each, name in zip(apart, ("agencies", "categories"), strict=True)
    )
    none = _select(["agency", view.category, "0. AS bar"], f"FROM {pairs}\n")
    every = "UNION ALL\n".join([_select(["*"], "FROM given\n"), none])
    summed = ["agency", view.category, f"sum(bar) AS {view.value}"]
    by = f"agency, {view.category}"
    of_all = f"FROM (\n{indent(every, '    ')})\nGROUP BY {by}\n"
    return f"WITH given AS (\n{indent(given, '    ')})\n{_select(summed, of_all, by)}"


def _said_small(n: str) -> str:
    """The agency's name, with 'n < 30' behind it where its sample is small."""
    return f"if({n} < {SMALL_SAMPLE}, concat(toString(agency), ' (n < {SMALL_SAMPLE})'), agency)"


def _apart(large: str, kind: Kind) -> list[str]:
    """The values whose sample is large enough to join them by a line, and the others."""
    value = _scaled("drawn.value", kind)
    return [f"if({large}, {value}, NULL) AS value", f"if({large}, NULL, {value}) AS few"]


def scaled(value: float, kind: Kind) -> float:
    """A value as it is drawn: shares per cent."""
    return 100 * value if kind is Kind.RATE else value


def _scaled(sql: str, kind: Kind) -> str:
    """SQL of a value as it is drawn."""
    return f"100 * {sql}" if kind is Kind.RATE else sql


def _select(columns: list[str], within: str, order: str = "") -> str:
    listed = ",\n    ".join(columns)
    ordered = f"ORDER BY {order}\n" if order else ""
    return f"SELECT\n    {listed}\n{within}{ordered}"


def _column(column: Column, words: Mapping[str, str]) -> str:
    value = f"drawn.{column.name}"
    if column.kind is Kind.RATE:
        return f"{_scaled(value, column.kind)} AS {column.name}"
    if (least := _LEAST_SHOWN.get(column.kind)) is not None:
        # Grafana would write '-0'.
        return f"if(-{least} < {value} AND {value} < 0, 0, {value}) AS {column.name}"
    if not column.listed:
        return column.name
    prefix = f"{column.words}."
    texts = {
        key.removeprefix(prefix): text for key, text in words.items() if key.startswith(prefix)
    }
    keys = ", ".join(literal(key) for key in texts)
    values = ", ".join(literal(text) for text in texts.values())
    return (
        f"arrayStringConcat(arrayMap(each -> transform(each, [{keys}], [{values}], each), "
        f"splitByString(', ', {column.name})), ', ') AS {column.name}"
    )


def _never_empty(view: Points | Curves, within: str, empty: str) -> str:
    """The points that have both values; where there are none, one outside the axes.

    An agency's name says where its n is small, as a point has nothing else to say it by.

    Grafana's XY chart draws an undefined value at 0, and without any series it shows 'Err'.
    """
    x, y = view.x, view.y
    name = "agency" if view.n is None else _said_small(view.n)
    row = f"({literal(empty)}, '', {OUTSIDE}, {OUTSIDE})"
    across = Kind.COUNT if isinstance(view, Curves) else view.kind
    both = [
        _scaled(f"toFloat64(assumeNotNull({each}))", kind)
        for each, kind in ((x, across), (y, view.kind))
    ]
    points = ", ".join([f"toString({name})", "toString(agency_id)", *both])
    defined = f"WHERE {x} IS NOT NULL AND {y} IS NOT NULL\n"
    collected = _select([f"groupArray(({points})) AS points"], within + defined)
    spread = [f"arrayJoin(if(empty(points), [{row}], points)) AS point"]
    one_by_one = _select(spread, f"FROM (\n{indent(collected, '    ')})\n")
    parts = ("agency", "agency_id", x, y)
    columns = [f"point.{place} AS {name}" for place, name in enumerate(parts, start=1)]
    return _select(columns, f"FROM (\n{indent(one_by_one, '    ')})\n", f"agency, {x}")
