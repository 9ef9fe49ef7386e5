"""Each panel's SQL, once: ClickHouse's dialect with the macros of Grafana's plugin.

What grows with the conversations is bounded by the time that its rows are sorted by. A bound has
the column's own type, as ClickHouse's index leaves out rows of the last second where a DateTime64
is compared with a DateTime.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from textwrap import indent

FIGURE = "{{figure}}"
"""Where a query serves several figures, the place of the figure's column."""
_SHARED = re.compile(r"^( *)\{\{> (\w+)( before)?\}\}(,?)\n", re.MULTILINE)
"""A line in place of those of `shared/NAME.sql`, which are indented like it; a comma follows.

With `before`, they are as of one window earlier.
"""
_WITHIN = re.compile(r"^( *)\{\{< (\w+)\}\}\n", re.MULTILINE)
"""A line in place of the whole of `NAME.sql`, as a query within this one."""

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
    sql = _with_shared(_read(name))
    sql = _NAMED.sub(lambda place: _name(place[1], place[2]) if named else place[2], sql)
    if (FIGURE in sql) != (figure is not None):
        raise ValueError(f"query {name}: figure is {figure!r}")
    if figure is None:
        return sql
    if not figure.isidentifier():
        raise ValueError(f"query {name}: {figure!r} is no column")
    return sql.replace(FIGURE, figure)


def _with_shared(sql: str) -> str:
    """The lines of `sql`, with those that it shares, which may share others in turn."""
    sql = _WITHIN.sub(lambda line: indent(_read(line[2]), line[1]), sql)
    while _SHARED.search(sql):
        sql = _SHARED.sub(_shared, sql)
    return sql


def _shared(line: re.Match[str]) -> str:
    part = _read(f"shared/{line[2]}").rstrip("\n")
    if line[3]:
        hours = " ".join(_read("shared/window_hours").split())
        part = _with_shared(f"{part}\n").rstrip("\n")
        part = part.replace("$__toTime", f"($__toTime - toIntervalHour({hours}))")
    return indent(part, line[1]) + f"{line[4]}\n"


def agency_name(column: str) -> str:
    """SQL of the display name of the agency whose id is in `column`; the id where it has none."""
    return _name("agency", column)


def _name(whose: str, column: str) -> str:
    """SQL of the display name of the id in `column`; the id where the store has none."""
    lookup = " ".join(_read(f"shared/{whose}_names").split())
    return f"coalesce(nullIf(({lookup})[toString({column})], ''), toString({column}))"


def _read(name: str) -> str:
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
