"""What Grafana's ClickHouse plugin, 4.0 to 4.20, makes of our SQL, as its sources say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dashboards.boards import BOARDS
from dashboards.boards.statements import statement
from dashboards.boards.tiles import Band, Board, Counts, Lines, Tile
from dashboards.grafana.alert_marks import alert_marks_sql
from dashboards.grafana.alert_rules import alert_rules, worker_rules
from dashboards.grafana.dashboard import all_dashboards
from dashboards.grafana.variables import chosen
from dashboards.preview.macros import expand
from dashboards.publishing.data_sources import MARK, DataSource
from dashboards.publishing.provisioning_files import provisioning
from tests.dashboards.board_reading import EVERY, ROME, WORDS, asked, name, read
from tests.dashboards.board_rows import STORY
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import NOW
from tests.dashboards.grafana_json import values_of

MACROS = {"fromTime": 0, "toTime": 0, "timeFilter": 1, "conditionalAll": 2}
"""Those we use, and how many arguments each takes."""
SENT = sorted(set(values_of("rawSql", all_dashboards())))
VARIABLES = sorted(
    {
        str(variable["query"])
        for each in all_dashboards()
        for variable in each["templating"]["list"]
        if variable["type"] == "query"
    }
)
OPTIONS = {"host", "port", "protocol", "secure", "username", "defaultDatabase"}
"""Of the plugin's settings."""
NEW_YORK = "\nSETTINGS session_timezone = 'America/New_York'"


def arguments(sql: str, at: int) -> list[str]:
    """As `getMacroArgs` splits them: at commas within one bracket, whatever quotes say."""
    found, depth, begin = [], 0, at + 1
    for index in range(at, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[index], 0)
        if (sql[index] == "," and depth == 1) or depth == 0:
            found.append(sql[begin:index])
            begin = index + 1
        if depth == 0:
            break
    return found


@pytest.mark.parametrize("sql", [*SENT, *VARIABLES], ids=range(len(SENT) + len(VARIABLES)))
def test_every_macro_and_variable_is_one_that_is_replaced(sql: str) -> None:
    for found in re.finditer(r"\$__(\w+)", sql):
        assert found[1] in MACROS
        bracket = sql[found.end() : found.end() + 1] == "("
        taken = arguments(sql, found.end()) if bracket else []
        assert len(taken) == MACROS[found[1]], found[0]
        if found[1] == "conditionalAll":
            assert taken[1] == " $agency", "else the condition would always hold"
    plain = re.sub(r"\$__\w+|\$\{\w+:singlequote\}|, \$agency\)", "", sql)
    assert not re.search(r"\$\{|\$\w|\[\[\w", plain), "Grafana would take it for a variable"


@pytest.mark.parametrize("sql", [*SENT, *VARIABLES], ids=range(len(SENT) + len(VARIABLES)))
def test_no_comment_can_swallow_what_follows_it(sql: str) -> None:
    """The plugin looks for comments before macros, and for quotes within neither."""
    texts = r"'(?:[^'\\]|\\.)*'"
    bare = re.sub(texts, "''", sql)
    assert "/*" not in bare
    assert "`" not in bare.replace("`window`", "")
    for comment in re.findall(r"--.*", bare):
        assert re.fullmatch(r"-- [a-z ]+", comment)


def as_the_plugin(sql: str) -> str:
    """Times without a time zone: that of the server holds."""
    return re.sub(r"toDateTime\((\d{9,}), 'UTC'\)", r"toDateTime(\1)", sql)


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_a_server_s_time_zone_changes_nothing(one: Engine, board: Board, tile: Tile) -> None:
    sql, bound = expand(
        statement(tile, WORDS, ROME), asked(board), {"driver": "any", "conversation": STORY}
    )
    elsewhere = one.read(as_the_plugin(sql) + NEW_YORK, bound)
    assert elsewhere == read(one, tile, asked(board))


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_series_are_sorted_by_a_time_that_is_never_undefined(
    one: Engine, board: Board, tile: Tile
) -> None:
    """Else the plugin cannot turn them into a series a line. Texts are labels, numbers values."""
    if not isinstance(tile.view, Lines | Band | Counts):
        return
    sql, bound = expand(
        statement(tile, WORDS, ROME), asked(board), {"driver": "any", "conversation": STORY}
    )
    described = {row["name"]: row["type"] for row in one.read(f"DESCRIBE (\n{sql})", bound)}
    assert next(iter(described)) == "time"
    assert re.match(r"Date", described["time"])
    labels = [kind for kind in described.values() if "String" in kind]
    assert not any("Nullable" in kind for kind in labels)
    times = [row["time"] for row in one.read(sql, bound)]
    assert times == sorted(times)


@pytest.mark.parametrize("sql", VARIABLES, ids=range(len(VARIABLES)))
def test_variables_give_an_id_and_its_text(one: Engine, sql: str) -> None:
    """The first column is the value, the second what is shown; both are texts."""
    asked_sql, bound = expand(sql, asked(BOARDS[0]))
    described = one.read(f"DESCRIBE (\n{asked_sql})", bound)
    assert len(described) == 2
    assert all("String" in row["type"] and "Nullable" not in row["type"] for row in described)


def test_alert_rules_have_labels_one_number_and_no_macro(one: Engine) -> None:
    rules = [*alert_rules("lumina", "Lumina"), *worker_rules()]
    asked_for = {each["model"]["rawSql"] for rule in rules for each in rule["data"][:-1]}
    for sql in asked_for:
        assert "$" not in sql.replace("'$", "").replace(")$", "")
        types = [row["type"] for row in one.read(f"DESCRIBE (\n{sql})", {})]
        assert [kind for kind in types if "String" not in kind] == ["Float64"]


def test_marks_are_read_by_the_names_and_types_that_grafana_expects(one: Engine) -> None:
    sql, bound = expand(alert_marks_sql(), asked(BOARDS[1], to=NOW))
    described = {row["name"]: row["type"] for row in one.read(f"DESCRIBE (\n{sql})", bound)}
    assert list(described) == ["time", "timeEnd", "title", "text", "tags"]
    assert all(described[name].startswith("DateTime64(3") for name in ("time", "timeEnd"))
    assert {described[name] for name in ("title", "text", "tags")} == {"String"}


def test_the_data_source_has_options_of_the_plugin() -> None:
    source: Any = provisioning()["datasources/clickhouse.yaml"]["datasources"][0]
    for options in (
        source["jsonData"],
        DataSource("clickhouse", 8123, False, "ascolto", "grafana").as_json()["jsonData"],
    ):
        assert set(options) - {MARK} == OPTIONS
        assert (options["protocol"], type(options["port"])) == ("http", int)
        assert type(options["secure"]) is bool


def test_every_choice_is_of_a_kind_that_is_asked_by_sql_or_listed() -> None:
    kinds = {type(chosen(each, WORDS)).__name__ for board in BOARDS for each in board.choices}
    assert kinds <= {"QueryVariable", "CustomVariable", "TextBoxVariable"}
