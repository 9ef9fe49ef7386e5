"""Each panel's SQL, once: ClickHouse's dialect with the macros of Grafana's plugin."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

FIGURE = "{{figure}}"
"""Where a query serves several figures, the place of the figure's column."""


@cache
def query(name: str, figure: str | None = None) -> str:
    """The SQL in `name`.sql, its figure filled in.

    `figure` is a column name of the code, never a reader's input. Raises ValueError when a
    query that serves several figures is asked for none, or the other way round.
    """
    sql = files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    if (FIGURE in sql) != (figure is not None):
        raise ValueError(f"query {name}: figure is {figure!r}")
    if figure is None:
        return sql
    if not figure.isidentifier():
        raise ValueError(f"query {name}: {figure!r} is no column")
    return sql.replace(FIGURE, figure)
