"""Lines of SQL that several queries share: a line `{{> NAME}}` stands for those of NAME.sql.

A comma after it follows the last of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from textwrap import indent

_SHARED = re.compile(r"^( *)\{\{> (\w+)\}\}(,?)\n", re.MULTILINE)


def with_shared(sql: str, read: Callable[[str], str]) -> str:
    """`sql` with the lines that it shares, indented like their place; they may share others.

    `read` gives the text of NAME.
    """
    while _SHARED.search(sql):
        sql = _SHARED.sub(lambda place: _lines(read(place[2]), place), sql)
    return sql


def _lines(text: str, place: re.Match[str]) -> str:
    return indent(text.rstrip("\n"), place[1]) + f"{place[3]}\n"


def figures_sql(name: str) -> str:
    """How figures follow from sums: `figure_functions` and `figure_columns`.

    Raises FileNotFoundError for any other name.
    """
    folder = files("infra.clickhouse").joinpath("recomputation", "figures")
    return folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")
