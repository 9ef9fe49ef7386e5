"""Each panel's SQL, once: ClickHouse's dialect with the macros of Grafana's plugin.

What grows with the conversations is bounded by the time that its rows are sorted by. A bound has
the column's own type, as ClickHouse's index leaves out rows of the last second where a DateTime64
is compared with a DateTime.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from infra.clickhouse.queries.shared_sql import figures_sql, with_shared

FIGURE = "{{figure}}"
"""Where a query serves several figures, the place of the figure's column."""

_NAMED = re.compile(r"\{\{(agency|client):(\w+)\}\}")
"""The place of an agency's or a client company's name, with the column that holds its id."""


@cache
def query(name: str, figure: str | None = None, *, named: bool = False) -> str:
    """The SQL in `name`.sql, with the lines it shares with others and its figure filled in.

    `figure` is a column name of the code, never a reader's input. With `named`, agencies and
    client companies have their display names in place of their ids, where the store has one.
    Raises ValueError when a query that serves several figures is asked for none, or the other
    way round.
    """
    sql = with_shared(_read(name), _shared)
    sql = _NAMED.sub(lambda place: _name(place[1], place[2]) if named else place[2], sql)
    if (FIGURE in sql) != (figure is not None):
        raise ValueError(f"query {name}: figure is {figure!r}")
    if figure is None:
        return sql
    if not figure.isidentifier():
        raise ValueError(f"query {name}: {figure!r} is no column")
    return sql.replace(FIGURE, figure)


def _shared(name: str) -> str:
    """Of this package, or how figures follow from sums, which the recomputation states.

    `query_NAME` is a whole query.
    """
    if name.startswith("figure_"):
        return figures_sql(name)
    if name.startswith("query_"):
        return _read(name.removeprefix("query_"))
    return _read(f"shared/{name}")


def agency_name(column: str) -> str:
    """SQL of the display name of the agency whose id is in `column`; the id where it has none."""
    return _name("agency", column)


def _name(whose: str, column: str) -> str:
    """SQL of the display name of the id in `column`; the id where the store has none."""
    lookup = " ".join(_read(f"shared/{whose}_names").split())
    return f"coalesce(nullIf(({lookup})[toString({column})], ''), toString({column}))"


def _read(name: str) -> str:
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
