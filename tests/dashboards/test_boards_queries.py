"""Every tile's SQL on the engine: its columns, on an empty store, one client company of three."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.boards import BOARDS
from dashboards.boards.overview import OUTCOME, PROVISIONAL, TREATMENT, VERDICT
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
from dashboards.boards.words import board_words
from dashboards.grafana.dashboard import as_json
from dashboards.grafana.variables import chosen
from dashboards.preview.macros import Choices, expand
from processors.metrics.nps import nps
from processors.metrics.rates import rate
from schemas.rows import AGENCY_HOURS, AGENCY_METRICS, CALLS, DISPLAY_NAMES
from tests.dashboards import board_rows
from tests.dashboards.board_rows import MARK, STORY
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, HOUR, NOW, call, metric

WORDS = board_words("it")
ROME = "Europe/Rome"
EVERY = [(board, tile) for board in BOARDS for tile in board.tiles]
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
OF_ALL_CLIENTS = ("table_sizes",)
"""Tiles for the team that runs Ascolto, which are of the whole store."""
_ONE = board_rows.one_client()
_ALL = board_rows.all_clients()
_NONE: dict[str, list[dict[str, Any]]] = {}

NUMBERS = re.compile(r"(Nullable\()?(U?Int(8|16|32|64)|Float(32|64))\)?")
"""Types that Grafana's plugin gives as numbers; wider integers and decimals may come as text."""
TIMES = re.compile(r"(Nullable\()?DateTime(64)?(\(.*)?\)?")
TEXTS = re.compile(r"(LowCardinality\()?(Nullable\()?String\)*")


Shown = dict[str, list[dict[str, Any]]]


def name(case: Any) -> str:
    return getattr(case, "id", "")


@pytest.fixture
def one(_engine: Engine) -> Engine:
    _engine.fill(_ONE)
    return _engine


@pytest.fixture(scope="module")
def shown(_engine: Engine) -> Shown:
    """The rows of every tile where there are data of one client company; read once."""
    _engine.fill(_ONE)
    return {tile.id + board.id: read(_engine, tile, asked(board)) for board, tile in EVERY}


def asked(board: Board, **choices: Any) -> Choices:
    agency = ("ferro-recuperi",) if board.id == "agency" else ()
    return Choices(**{"client": CLIENT, "to": NOW, "agencies": agency, **choices})


def read(
    engine: Engine,
    tile: Tile,
    chosen: Choices,
    words: Mapping[str, str] = WORDS,
    prefix: str = "",
    **more: str,
) -> list[dict[str, Any]]:
    sql = prefix + statement(tile, words, ROME)
    return engine.read(*expand(sql, chosen, {"driver": "any", "conversation": STORY, **more}))


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
                scale = 100 if "%" in row[column] else 1
                within = low - 0.51 <= scale * float(row[figure]) <= high + 0.51
                assert within, (figure, row)


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


def test_the_first_month_is_provisional_and_never_nothing(one: Engine) -> None:
    board = BOARDS[0]
    (new,) = [row for row in read(one, OUTCOME, asked(board)) if row["agency_id"] == "nuova"]
    assert (new["amount"], new["recovery_rate"], new["churn_rate"]) == (None, None, None)
    (treated,) = [row for row in read(one, TREATMENT, asked(board)) if row["agency_id"] == "nuova"]
    assert treated["nps_range"] is None, "with one rating the interval leaves out its own figure"
    for row in read(one, PROVISIONAL, asked(board)):
        assert row["n"] == 5
        assert (row["paid_so_far"], row["amount_so_far"]) == (3, 150.0)
        assert (
            NOW
            < row["first_matures"].replace(tzinfo=UTC)
            <= row["last_matures"].replace(tzinfo=UTC)
        )


def sentences(engine: Engine, figures: Mapping[str, tuple[float, float, float, int]]) -> list[str]:
    """What the verdict says of agencies with this NPS, its interval and n."""
    engine.add(
        AGENCY_METRICS.name,
        [
            metric("alba-crediti", HOUR, agency_id=agency, nps=value, nps_low=low, nps_high=high)
            | {"nps_n": n, "churn_rate_n": 0, "churn_rate": None}
            for agency, (value, low, high, n) in figures.items()
        ],
    )
    return [row["verdict"] for row in read(engine, VERDICT, asked(BOARDS[0]))]


@pytest.mark.parametrize("seed", range(6))
def test_the_verdict_speaks_only_where_intervals_are_apart(empty: Engine, seed: int) -> None:
    rng = random.Random(seed)
    figures = {
        agency: (value, value - reach, value + reach, rng.choice((12, 30, 300)))
        for agency in ("a", "b", "c")[: rng.choice((1, 2, 3))]
        for value, reach in [(rng.randint(-60, 60), rng.choice((2, 10, 40)))]
    }
    counted = {agency: each for agency, each in figures.items() if each[3] >= 30}
    best, worst = [], []
    for agency, (_, low, high, _) in counted.items():
        others = [each for other, each in counted.items() if other != agency]
        if others and low > max(each[2] for each in others):
            best.append(agency)
        if others and high < min(each[1] for each in others):
            worst.append(agency)
    said = sentences(empty, figures)
    if best or worst:
        assert [line.split(" ")[0] for line in said] == best + worst
        assert all("meglio di tutte" in line or "resta indietro" in line for line in said)
    else:
        assert said == [WORDS["verdict.alike" if len(counted) > 1 else "verdict.too_early"]]


@pytest.mark.parametrize("seed", range(3))
def test_drivers_their_costs_and_conduct_are_those_of_a_plain_computation(
    empty: Engine, seed: int
) -> None:
    rng = random.Random(seed)
    rows = []
    for number in range(160):
        row = call(rng, number, "alba-crediti", NOW - timedelta(hours=rng.randrange(40 * 24)))
        rating = rng.choice((None, *range(11)))
        row |= {
            "agency_id": rng.choice(("a", "b")),
            "survey_rating": rating,
            "spoken_rating": None,
            "drivers": [each for each in ("threat", "price") if rng.random() < 0.4],
            "conduct": ["hours"] if rng.random() < 0.1 else [],
        }
        rows.append(row)
    empty.add(CALLS.name, rows)
    end = HOUR + timedelta(hours=1)
    shown = [row for row in rows if end - timedelta(days=30) <= row["ended_at"] < end]
    tiles = {tile.id: (board, tile) for board, tile in EVERY}
    board, tile = tiles["driver_costs"]
    found = read(empty, tile, asked(board))
    assert {(row["agency_id"], row["driver"]) for row in found} == {
        (row["agency_id"], driver) for row in shown for driver in row["drivers"]
    }
    for row in found:
        own = [each for each in shown if each["agency_id"] == row["agency_id"]]
        having = [each for each in own if row["driver"] in each["drivers"]]
        lacking = [each for each in own if row["driver"] not in each["drivers"]]
        expected = rate(len(having), len(own))
        assert (row["share"], row["n"]) == (pytest.approx(expected.value), len(own))
        assert row["share_range"] == (
            f"{round(100 * (expected.low or 0))} … {round(100 * (expected.high or 0))} %"
        )
        enough = min(score(having)[1], score(lacking)[1]) >= 10
        cost = score(lacking)[0] - score(own)[0] if enough else None
        assert row["nps_cost"] == (None if cost is None else pytest.approx(cost))
    conduct = read(empty, tiles["conduct"][1], asked(board))
    breached: dict[str, int] = {}
    for each in shown:
        if each["conduct"]:
            breached[each["agency_id"]] = breached.get(each["agency_id"], 0) + 1
    assert {row["agency_id"]: row["conversations"] for row in conduct} == breached


def score(rows: list[dict[str, Any]]) -> tuple[float, int]:
    """NPS of conversations, and how many of them are rated."""
    ratings = [row["survey_rating"] for row in rows if row["survey_rating"] is not None]
    promoters = sum(each >= 9 for each in ratings)
    detractors = sum(each <= 6 for each in ratings)
    found = nps(promoters, len(ratings) - promoters - detractors, detractors)
    return found.value or 0.0, found.n


def test_every_agency_has_a_bar_for_every_reason(shown: Shown) -> None:
    rows = shown["driver_bars" + "overview"]
    bars = {(row["agency"], row["driver"]): row["share"] for row in rows}
    agencies, drivers = ({row[key] for row in rows} for key in ("agency", "driver"))
    assert len(rows) == len(bars) == len(agencies) * len(drivers)
    costs = shown["driver_costs" + "voices"]
    found = {(row["agency"], row["driver"]): row["share"] for row in costs}
    assert bars == {key: found.get(key, 0) for key in bars}
    assert 0 in bars.values()


def test_segments_are_those_of_a_plain_computation(one: Engine) -> None:
    tiles = {tile.id: (board, tile) for board, tile in EVERY}
    board, tile = tiles["segments"]
    (row,) = read(one, tile, asked(board, window="7d"))
    end = HOUR + timedelta(hours=1)
    hours = [
        each
        for each in _ONE[AGENCY_HOURS.name]
        if each["agency_id"] == "ferro-recuperi"
        and each["segment"] == "channel=phone"
        and end - timedelta(days=7) <= each["hour"] < end
    ]
    total = {
        key: sum(each[key] for each in hours) for key in hours[0] if isinstance(hours[0][key], int)
    }
    rated = nps(total["promoters"], total["passives"], total["detractors"])
    left = rate(total["cancelled"], total["matured"] - total["supplier_lost"])
    assert row["segment"] == "channel=phone"
    assert (row["nps"], row["nps_n"]) == (pytest.approx(rated.value), rated.n)
    assert row["nps_range"] == f"{round(rated.low or 0)} … {round(rated.high or 0)}"
    assert (row["churn_rate"], row["churn_rate_n"]) == (pytest.approx(left.value), left.n)
    mean = total["aggression_sum"] / 10_000 / total["aggression_n"]
    assert row["aggression"] == pytest.approx(mean)


@pytest.mark.parametrize("zone", [ROME, "America/New_York"])
def test_hours_and_weekdays_are_those_of_the_client_company(one: Engine, zone: str) -> None:
    tiles = {tile.id: (board, tile) for board, tile in EVERY}
    end = HOUR + timedelta(hours=1)
    counted: dict[str, dict[str, int]] = {"at": {}, "weekday": {}}
    for row in _ONE[AGENCY_HOURS.name]:
        own = row["agency_id"] == "ferro-recuperi" and row["segment"] == "all"
        if own and end - timedelta(days=30) <= row["hour"] < end:
            local = row["hour"].astimezone(ZoneInfo(zone))
            for key, value in (("at", f"{local:%H}:00"), ("weekday", str(local.isoweekday()))):
                counted[key][value] = counted[key].get(value, 0) + row["aggression_n"]
    for tile_id, key in (("hours_of_day", "at"), ("weekdays", "weekday")):
        board, tile = tiles[tile_id]
        sql, bound = expand(statement(tile, WORDS, zone), asked(board))
        assert {row[key]: row["n"] for row in one.read(sql, bound)} == counted[key]


def test_a_story_marks_the_words_and_says_what_followed(one: Engine) -> None:
    tiles = {tile.id: (board, tile) for board, tile in EVERY}

    def of(tile_id: str) -> list[dict[str, Any]]:
        board, tile = tiles[tile_id]
        return read(one, tile, asked(board))

    turns = of("story_turns")
    assert all(turn["said"].count("«") == turn["said"].count("»") == 1 for turn in turns)
    (outcome,) = of("story_outcome")
    assert (outcome["customer_after"], outcome["payment_after"]) == ("lost", "paid")
    assert outcome["amount"] == 40
    assert [row["kind"] for row in of("story_events")] == ["payment", "cancellation"]
    for row in of("conversations"):
        assert row["conversation"]
        assert row["drivers"] in {WORDS[key] for key in WORDS if key.startswith("driver.")}


def test_seconds_from_the_call_s_end_to_its_score(one: Engine) -> None:
    tiles = {tile.id: (board, tile) for board, tile in EVERY}
    board, tile = tiles["delay_now"]
    for row in read(one, tile, asked(board)):
        assert (row["half"], row["slowest"]) == (pytest.approx(40), pytest.approx(40))


def test_alerts_are_marked_from_their_beginning_to_their_end(one: Engine) -> None:
    (marks,) = as_json(BOARDS[0])["annotations"]["list"]
    rows = one.read(*expand(marks["target"]["rawSql"], asked(BOARDS[0])))
    assert [list(row) for row in rows[:1]] == [["time", "timeEnd", "title", "text", "tags"]]
    assert len(rows) == 4
    assert all(row["time"] <= row["timeEnd"] for row in rows)
    assert any("aggressività in salita" in row["text"] for row in rows)


def test_segments_to_choose_have_texts(one: Engine) -> None:
    from dashboards.boards.tiles import Choice

    sql = chosen(Choice.SEGMENT, WORDS).build().query
    assert isinstance(sql, str)
    rows = one.read(*expand(sql, asked(BOARDS[0])))
    assert [(row["segment"], row["name"]) for row in rows] == [
        ("all", "Tutte le conversazioni"),
        ("channel=phone", "Canale: telefono"),
    ]


def test_a_time_of_day_in_words_is_the_client_company_s(one: Engine) -> None:
    tiles = {tile.id: (board, tile) for board, tile in EVERY}
    board, tile = tiles["freshness"]
    sql, bound = expand(statement(tile, WORDS, ROME), asked(board))
    local = datetime(2025, 3, 20, 15, 42, tzinfo=UTC).astimezone(ZoneInfo(ROME))
    assert f"{local:%d/%m/%Y %H:%M}" in one.read(sql, bound)[0]["freshness"]


@pytest.fixture(scope="module", autouse=True)
def nothing_left(_engine: Engine) -> Iterator[None]:
    yield
    _engine.fill(_NONE)


def test_columns_of_tables_are_named_once() -> None:
    for _, tile in EVERY:
        if isinstance(tile.view, Table):
            names = [column.name for column in tile.view.columns]
            assert len(set(names)) == len(names), tile.id
            assert all(isinstance(column, Column) for column in tile.view.columns)
