"""Every tile's SQL on the engine: its columns, on an empty store, one client company of three."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from dashboards.boards.statements import OUTSIDE, statement
from dashboards.boards.tiles import (
    Band,
    Board,
    Column,
    Counts,
    Curves,
    Kind,
    Lines,
    Points,
    Table,
    Tile,
)
from dashboards.preview.macros import expand
from schemas.rows import DISPLAY_NAMES
from tests.dashboards import board_rows
from tests.dashboards.board_reading import (
    EVERY,
    ONE_CLIENT,
    ROME,
    WORDS,
    Shown,
    asked,
    name,
    read,
)
from tests.dashboards.board_rows import MARK, STORY
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT

CUT_BY_SEGMENT = (
    "verdict",
    "treatment",
    "outcome",
    "provisional",
    "recovery_and_churn",
    "nps_lines",
    "aggression_lines",
    "quarters",
    "relations",
    "driver_bars",
    "agency_figures",
    "nps_band",
    "aggression_band",
    "churn_rate_band",
    "driver_costs",
    "emotion_by_rating",
    "conversations",
    "latest_calls",
    "hours_of_day",
)
OF_ALL_CLIENTS = (
    "table_sizes",
    *("workers", "lag_over_time", "throughput", "lag_now", "drops", "state_sizes"),
)
"""Tiles for the team that runs Ascolto, which are of the whole store."""
_ALL = board_rows.all_clients()

NUMBERS = re.compile(r"(Nullable\()?(U?Int(8|16|32|64)|Float(32|64))\)?")
"""Types that Grafana's plugin gives as numbers; wider integers and decimals may come as text."""
TIMES = re.compile(r"(Nullable\()?DateTime(64)?(\(.*)?\)?")
TEXTS = re.compile(r"(LowCardinality\()?(Nullable\()?String\)*")


@pytest.fixture(scope="module")
def shown(_engine: Engine) -> Shown:
    """The rows of every tile where there are data of one client company; read once."""
    _engine.fill(ONE_CLIENT)
    return {tile.id + board.id: read(_engine, tile, asked(board)) for board, tile in EVERY}


def drawn_columns(tile: Tile) -> dict[str, Kind]:
    view = tile.view
    if isinstance(view, Table):
        return {column.name: column.kind for column in view.columns}
    if isinstance(view, Lines):
        return {
            "time": Kind.TIME,
            "agency": Kind.TEXT,
            "agency_id": Kind.TEXT,
            "value": view.kind,
            "few": view.kind,
        }
    if isinstance(view, Band):
        names = ("low", "high", "value", "few")
        return {"time": Kind.TIME, **dict.fromkeys(names, view.kind)}
    if isinstance(view, Points | Curves):
        texts = {"agency": Kind.TEXT, "agency_id": Kind.TEXT}
        return {**texts, view.x: view.kind, view.y: view.kind}
    if isinstance(view, Counts):
        return {"time": Kind.TIME, **dict.fromkeys(view.columns, view.kind)}
    return {"agency": Kind.TEXT, view.category: Kind.TEXT, view.value: view.kind}


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_columns_are_those_the_panel_draws_of_the_types_it_expects(
    one: Engine, board: Board, tile: Tile
) -> None:
    sql, bound = expand(
        statement(tile, WORDS, ROME), asked(board), {"driver": "any", "conversation": STORY}
    )
    described = one.read(f"DESCRIBE TABLE (\n{sql})", bound)
    types = {row["name"]: row["type"] for row in described}
    expected = drawn_columns(tile)
    assert list(types) == list(expected)
    for column, kind in expected.items():
        texts = kind in (Kind.TEXT, Kind.SENTENCES)
        pattern = TEXTS if texts else TIMES if kind is Kind.TIME else NUMBERS
        assert pattern.fullmatch(types[column]), (column, types[column])


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_every_tile_has_rows_where_there_are_data(shown: Shown, board: Board, tile: Tile) -> None:
    assert shown[tile.id + board.id]


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_a_segment_is_that_of_the_rows(one: Engine, board: Board, tile: Tile) -> None:
    """Every figure can be cut by segment: most are by phone, none by e-mail."""
    if tile.id not in CUT_BY_SEGMENT:
        return
    assert read(one, tile, asked(board, segment="channel=phone"))
    rows = read(one, tile, asked(board, segment="channel=email"))
    figures = [row for row in rows if any(row.get(key) for key in ("nps_n", "n", "calls"))]
    assert figures == [] or tile.id in ("verdict", "recovery_and_churn")


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_an_empty_store_gives_no_row_or_one_that_says_so(
    empty: Engine, board: Board, tile: Tile
) -> None:
    rows = read(empty, tile, asked(board))
    if isinstance(tile.view, Points | Curves):
        (row,) = rows
        assert row["agency"] == WORDS[tile.empty]
        assert row[tile.view.x] == row[tile.view.y] == OUTSIDE, "a point that no axis reaches"
    elif tile.id in ("verdict", "freshness"):
        (row,) = rows
        assert row[tile.id] in (WORDS["verdict.too_early"], WORDS["freshness.none"])
    else:
        assert rows == []


def test_one_client_company_among_three_sees_its_own_rows(one: Engine, shown: Shown) -> None:
    one.fill(_ALL)
    for board, tile in EVERY:
        if tile.id in OF_ALL_CLIENTS:
            continue
        rows = shown[tile.id + board.id]
        among = read(one, tile, asked(board))
        assert among == rows, f"{tile.id}: the same rows in the same order"
        assert not any(mark and mark in str(among) for mark in MARK.values())
        if tile.id.startswith("story"):
            assert read(one, tile, asked(board, agencies=()), conversation=f"gas-{STORY}") == []
        if "agency_id" not in rows[0]:
            continue
        other = read(one, tile, asked(board, client="gas-del-sud", agencies=()))
        ids = {row["agency_id"] for row in other}
        assert all(agency.startswith("gas-") for agency in ids), tile.id


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_points_lie_within_their_own_intervals(
    one: Engine, shown: Shown, board: Board, tile: Tile
) -> None:
    """Also the agency with one rating, whose NPS its method's interval leaves out."""
    rows = list(shown[tile.id + board.id])
    if isinstance(tile.view, Band):
        rows += read(one, tile, asked(board, agencies=("nuova",)))
    if isinstance(tile.view, Band):
        for row in rows:
            value = row["value"] if row["value"] is not None else row["few"]
            assert (row["low"] is None) == (row["high"] is None)
            assert row["low"] is None or row["low"] <= value <= row["high"]
        return
    for row in rows:
        for column in row:
            figure = column.removesuffix("_range")
            if column.endswith("_range") and row.get(figure) is not None and row[column]:
                low, high = (
                    float(part.strip(" %").replace(",", ".")) for part in row[column].split(" … ")
                )
                assert low - 0.51 <= float(row[figure]) <= high + 0.51, (figure, row)


@pytest.mark.parametrize(("board", "tile"), EVERY, ids=name)
def test_no_small_sample_is_joined_by_a_line(shown: Shown, board: Board, tile: Tile) -> None:
    if not isinstance(tile.view, Lines | Band):
        return
    rows = shown[tile.id + board.id]
    assert all((row["value"] is None) != (row["few"] is None) for row in rows)
    if isinstance(tile.view, Lines):
        small = [row for row in rows if row["agency_id"] == "sole&figli<srl>"]
        assert small
        assert all(row["value"] is None for row in small)
        assert any(row["value"] is not None for row in rows)


def test_names_are_shown_and_ids_are_linked(one: Engine, shown: Shown) -> None:
    named = {"client_id": CLIENT, "agency_id": "ferro-recuperi", "name": "Ferro & C."}
    one.add(DISPLAY_NAMES.name, [named | {"version": 2}])
    for board, tile in EVERY:
        rows = shown[tile.id + board.id]
        if "ferro-recuperi" not in {row.get("agency") for row in rows}:
            continue
        after = read(one, tile, asked(board))
        assert len(after) == len(rows)
        assert "Ferro & C." in {row["agency"] for row in after}, tile.id
        assert "ferro-recuperi" not in {row["agency"] for row in after}
        if "agency_id" in rows[0]:
            ids = [sorted(row["agency_id"] for row in each) for each in (after, rows)]
            assert ids[0] == ids[1]


def test_every_query_of_the_boards_is_used() -> None:
    used = {tile.query for _, tile in EVERY}
    folder = files("dashboards.queries").joinpath("boards")
    assert {f"boards/{path.name.removesuffix('.sql')}" for path in folder.iterdir()} == {
        name for name in used if name.startswith("boards/")
    }


def test_every_agency_has_a_bar_for_every_reason(shown: Shown) -> None:
    rows = shown["driver_bars" + "overview"]
    bars = {(row["agency"], row["driver"]): row["share"] for row in rows}
    agencies, drivers = ({row[key] for row in rows} for key in ("agency", "driver"))
    assert len(rows) == len(bars) == len(agencies) * len(drivers)
    costs = shown["driver_costs" + "voices"]
    found = {
        (row["agency"] + " (n < 30)" * (row["n"] < 30), row["driver"]): row["share"]
        for row in costs
    }
    assert bars == {key: found.get(key, 0) for key in bars}
    assert 0 in bars.values()
    assert any(agency.endswith("(n < 30)") for agency in agencies)


def test_columns_of_tables_are_named_once() -> None:
    for _, tile in EVERY:
        if isinstance(tile.view, Table):
            names = [column.name for column in tile.view.columns]
            assert len(set(names)) == len(names), tile.id
            assert all(isinstance(column, Column) for column in tile.view.columns)
