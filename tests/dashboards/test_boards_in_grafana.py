"""What a real Grafana needs of every panel of every dashboard, to draw it and to be read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from dashboards.boards import BOARDS
from dashboards.boards.tiles import Board, Kind, Points, Table, Tile
from dashboards.boards.words import board_words
from dashboards.grafana.dashboard import (
    DEFAULT_TIMEZONE,
    UnknownTimezoneError,
    all_dashboards,
    as_json,
    build,
)
from dashboards.grafana.fields import DATASOURCE_TYPE, DATASOURCE_UID, UNDEFINED
from dashboards.publishing.tenancy import of_tenants
from dashboards.texts import LANGUAGES, texts
from tests.dashboards.grafana_json import (
    Json,
    contrast_with_white,
    overrides,
    result_columns,
    values_of,
)

ROOT = Path(__file__).parents[2]

SCREEN_PX, MENU_AND_EDGES_PX = 1440, 60
"""A laptop's screen, and what of it Grafana's menu and edges take."""
FAULTS_OF_PANEL = {"xychart", "table", "timeseries", "barchart"}

MADE = {board.id: as_json(board) for board in BOARDS}
PANELS = [
    (tile, panel)
    for board in BOARDS
    for tile, panel in zip(
        board.tiles,
        [each for each in MADE[board.id]["panels"] if each["type"] != "row"],
        strict=True,
    )
]
IDS = [f"{tile.id}-{index}" for index, (tile, _) in enumerate(PANELS)]
every_drawn_tile = pytest.mark.parametrize(("tile", "panel"), PANELS, ids=IDS)
every_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=IDS)
every_tile = pytest.mark.parametrize("tile", [tile for tile, _ in PANELS], ids=IDS)
every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)


@every_panel
def test_every_panel_names_the_version_its_options_are_of(panel: Json) -> None:
    """Without it Grafana migrates an XY chart from before 10.4, and dies of it."""
    assert panel["pluginVersion"] == "11.6.0"
    assert panel["type"] in FAULTS_OF_PANEL


@every_drawn_tile
def test_every_matcher_matches(tile: Tile, panel: Json) -> None:
    """By name, a column of the query; by pattern, a pattern between slashes."""
    columns = result_columns(panel)
    matrix = [f"{tile.view.category}\\agency"] if panel["type"] == "barchart" else []
    for each in panel["fieldConfig"]["overrides"]:
        matcher = each["matcher"]
        if matcher["id"] == "byRegexp":
            assert re.fullmatch(r"/.+/[a-z]*", matcher["options"])
        else:
            assert matcher["id"] == "byName"
            assert matcher["options"] in [*columns, *matrix]


@every_panel
def test_xy_charts_have_what_their_panel_reads(panel: Json) -> None:
    if panel["type"] != "xychart":
        return
    assert panel["options"]["mapping"] == "auto"
    assert panel["options"]["series"] == []
    modes = {each["mode"] for each in values_of("color", panel["fieldConfig"])}
    assert modes <= {"palette-classic", "fixed"}, "it draws all others black"
    of = overrides(panel)
    x, y = [column for column in result_columns(panel) if not column.startswith("agency")]
    for axis in (x, y):
        assert of[axis]["min"] == 0, "what has no value is below it, and is not drawn"
        assert of[axis]["custom.axisLabel"]
    assert of[y]["displayName"] == "${__field.labels.agency}"
    assert of[y]["custom.axisLabel"].endswith(" (%)")


@every_drawn_tile
def test_shares_are_written_as_the_reader_s_browser_writes_numbers(tile: Tile, panel: Json) -> None:
    """Grafana's own percentages have a decimal point in every language; so per cent is a title."""
    assert set(values_of("unit", panel["fieldConfig"])).isdisjoint({"percent", "percentunit"})
    view, of = tile.view, overrides(panel)
    if isinstance(view, Table):
        shares = [each for each in view.columns if each.kind is Kind.RATE]
        assert all(of[each.name]["displayName"].endswith(" (%)") for each in shares)
        assert all(of[each.name].get("max", 100) == 100 for each in shares)
    elif view.kind is Kind.RATE and not isinstance(view, Points):
        assert panel["title"].endswith(" (%)")


@every_panel
def test_colours_are_readable_in_both_themes(panel: Json) -> None:
    """A colour that lets the page through is white on white in the light theme."""
    text = json.dumps(panel)
    assert "rgba(" not in text
    assert "applyToRow" not in text
    for steps in values_of("steps", panel["fieldConfig"]):
        for step in steps:
            if step["color"] not in ("transparent", "green", "red"):
                assert contrast_with_white(step["color"]) >= 4.5


@every_panel
def test_every_column_of_a_table_has_its_title_width_and_empty_cell(panel: Json) -> None:
    if panel["type"] != "table":
        return
    of = overrides(panel)
    assert list(of) == result_columns(panel)
    for name, properties in of.items():
        if properties.get("custom.hidden"):
            assert properties["custom.hideFrom"]["viz"] is True
            continue
        assert properties["displayName"], name
        assert ("custom.width" in properties) != ("custom.minWidth" in properties)
        assert properties["noValue"] in (UNDEFINED, ""), "not the text of an empty panel"


@pytest.mark.parametrize("language", LANGUAGES)
@every_board
def test_tables_are_wholly_on_screen_and_their_titles_readable(board: Board, language: str) -> None:
    """Measured in Grafana's own table: 7.3 pixels a character of a title, and its edges."""
    panels = [each for each in as_json(board, language)["panels"] if each["type"] != "row"]
    for tile, panel in zip(board.tiles, panels, strict=True):
        if not isinstance(tile.view, Table):
            continue
        shown = [each for each in overrides(panel).values() if not each.get("custom.hidden")]
        needed = [each.get("custom.width", each.get("custom.minWidth")) for each in shown]
        room = (SCREEN_PX - MENU_AND_EDGES_PX) * tile.width / 24 - 24
        assert sum(needed) <= room, f"{tile.id}: {sum(needed)} of {room:.0f} pixels"
        assert any("custom.minWidth" in each for each in shown), "something takes what is left"
        if tile.view.header:
            for width, column in zip(needed, shown, strict=True):
                assert width >= 7.3 * len(column["displayName"]) + 16, column["displayName"]


@every_tile
def test_intervals_and_samples_stand_beside_what_they_are_of(tile: Tile) -> None:
    if not isinstance(tile.view, Table):
        return
    names = [column.name for column in tile.view.columns]
    for name in names:
        if name.endswith("_range") and name.removesuffix("_range") in names:
            assert names.index(name) == names.index(name.removesuffix("_range")) + 1


@every_drawn_tile
def test_an_empty_panel_says_what_that_means(tile: Tile, panel: Json) -> None:
    said = panel["fieldConfig"]["defaults"]["noValue"]
    assert said == texts("it")[tile.empty]
    assert len(said.split()) > 2


@every_panel
def test_an_undefined_value_of_a_chart_is_a_dash(panel: Json) -> None:
    """Grafana gives it the text of the empty panel otherwise, in tooltips."""
    if panel["type"] != "timeseries":
        return
    of = overrides(panel)
    for column in result_columns(panel):
        if column != "time" and not column.startswith("agency"):
            assert of[column]["noValue"] == UNDEFINED


@every_panel
def test_every_chart_says_which_line_is_which(panel: Json) -> None:
    if panel["type"] != "table":
        assert panel["options"]["legend"]["showLegend"] is True


@every_panel
def test_no_line_is_drawn_through_thin_days(panel: Json) -> None:
    if panel["type"] != "timeseries" or "few" not in result_columns(panel):
        return
    custom = panel["fieldConfig"]["defaults"]["custom"]
    hour = 3_600_000
    joined = (custom["spanNulls"], custom["insertNulls"])
    daily, with_closed_days = (36 * hour, 36 * hour), (False, 84 * hour)
    assert joined in (daily, with_closed_days), "a thin day is a null; a closed day has no row"
    few = overrides(panel)["few"]
    assert (few["custom.drawStyle"], few["custom.lineWidth"]) == ("points", 0)
    assert few["custom.hideFrom"]["legend"] is True, "no series of its own"
    assert "sample" not in result_columns(panel)


@every_drawn_tile
def test_times_are_written_day_first(tile: Tile, panel: Json) -> None:
    if isinstance(tile.view, Table):
        of = overrides(panel)
        for column in tile.view.columns:
            if column.kind == "time" and not column.hidden:
                assert of[column.name]["unit"] == "time:DD/MM/YYYY HH:mm"


@every_panel
def test_links_keep_the_choices_and_name_what_the_row_has(panel: Json) -> None:
    columns = result_columns(panel)
    for links in values_of("links", panel["fieldConfig"]):
        for link in links:
            address = urlsplit(link["url"])
            assert address.path.removeprefix("/d/") in {board.uid for board in BOARDS}
            for kept in ("client", "window", "segment"):
                assert f"${{{kept}:queryparam}}" in address.query
            assert "${__url_time_range}" in address.query
            for name, value in parse_qsl(address.query):
                for column in re.findall(r"__(?:data\.fields|field\.labels)\.(\w+)", value):
                    assert column in columns, (name, column)
                    shown_as = overrides(panel).get(column, {})
                    assert "mappings" not in shown_as, "the link would have the text, not the id"
            assert link["title"]


def test_figures_lead_to_what_is_behind_them() -> None:
    """From each board of a manager one can go on to an agency, a conversation, or both."""
    linked = {board.id: set(values_of("url", MADE[board.id]["panels"])) for board in BOARDS}
    assert any("ascolto-agency" in url for url in linked["overview"])
    assert any("ascolto-voices" in url and "var-driver" in url for url in linked["agency"])
    for story in ("voices", "live"):
        assert any("var-conversation" in url for url in linked[story])


@every_panel
def test_a_description_says_what_is_measured_its_n_and_its_source(panel: Json) -> None:
    measure, counted, source = panel["description"].split("\n\n")
    assert len(measure) > 30
    assert counted.startswith("n: ")
    assert source.startswith("Fonte: ")


@every_panel
def test_every_target_goes_to_the_provisioned_source(panel: Json) -> None:
    (target,) = panel["targets"]
    assert target["datasource"] == {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID}
    assert target["editorType"] == "sql"
    assert target["format"] == (0 if panel["type"] == "timeseries" else 1)
    assert panel["datasource"] == target["datasource"]


@every_board
def test_variables_cover_what_the_sql_uses(board: Board) -> None:
    variables = {each["name"]: each for each in MADE[board.id]["templating"]["list"]}
    sql = " ".join(
        panel["targets"][0]["rawSql"] for panel in MADE[board.id]["panels"] if "targets" in panel
    )
    assert set(re.findall(r"\$\{(\w+):singlequote\}", sql)) <= set(variables)
    assert {"client", "window", "segment", "agency"} <= set(variables)
    assert variables["agency"].get("multi", False) == (board.id != "agency")
    assert "{{" not in sql
    windows = [part.split(" : ")[1] for part in variables["window"]["query"].split(",")]
    assert windows == ["24h", "7d", "30d", "90d"]


@every_board
def test_a_dashboard_does_not_cancel_its_own_queries(board: Board) -> None:
    """All its queries took 3 s on the demo's store; a browser asks six at a time."""
    made = MADE[board.id]
    assert seconds(made["refresh"]) >= 30
    assert min(map(seconds, made["timepicker"]["refresh_intervals"])) >= 30
    grafana = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    assert seconds(grafana["environment"]["GF_DASHBOARDS_MIN_REFRESH_INTERVAL"]) >= 30


def seconds(interval: str) -> int:
    return int(interval[:-1]) * {"s": 1, "m": 60, "h": 3600}[interval[-1]]


@every_board
def test_a_dashboard_is_in_the_client_company_s_time_zone(board: Board) -> None:
    assert MADE[board.id]["timezone"] == "Europe/Rome" == DEFAULT_TIMEZONE
    assert as_json(board, timezone="America/New_York")["timezone"] == "America/New_York"
    with pytest.raises(UnknownTimezoneError, match="Roma"):
        as_json(board, timezone="Roma")


def test_grafana_itself_writes_dates_day_first() -> None:
    grafana = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    formats = {
        name.removeprefix("GF_DATE_FORMATS_"): value
        for name, value in grafana["environment"].items()
        if name.startswith("GF_DATE_FORMATS_")
    }
    assert formats["INTERVAL_DAY"] == "DD/MM"
    assert formats["INTERVAL_HOUR"] == "DD/MM HH:mm"
    assert formats["FULL_DATE"].startswith("DD/MM/YYYY")
    assert formats["DEFAULT_TIMEZONE"] == "Europe/Rome"


@every_board
def test_no_two_panels_overlap(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in MADE[board.id]["panels"]:
        at = panel["gridPos"]
        assert at.get("x", 0) + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at.get("x", 0), at.get("x", 0) + at["w"])
            for y in range(at.get("y", 0), at.get("y", 0) + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in MADE[board.id]["panels"]]
    assert len(set(ids)) == len(ids)


@every_board
def test_every_board_leads_to_the_others_with_the_choices(board: Board) -> None:
    links = MADE[board.id]["links"]
    assert {link["url"] for link in links} == {
        f"/d/{other.uid}" for other in BOARDS if other is not board
    }
    assert all(link["includeVars"] and link["keepTime"] for link in links)


def test_tenants_get_the_boards_that_they_may_read_and_no_link_to_the_other() -> None:
    shown = of_tenants(all_dashboards())
    assert [each["uid"] for each in shown] == [board.uid for board in BOARDS[:-1]]
    assert "ascolto-operations" not in json.dumps(shown)


def test_five_boards_with_uids_that_never_change() -> None:
    assert [board.uid for board in BOARDS] == [
        "ascolto-agencies",
        "ascolto-agency",
        "ascolto-voices",
        "ascolto-live",
        "ascolto-operations",
    ]
    assert json.dumps(all_dashboards()) == json.dumps(all_dashboards())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_board_is_there_in_every_language(language: str) -> None:
    made = all_dashboards(language)
    words = board_words(language)
    assert [each["title"] for each in made] == [words[f"board.{each.id}.title"] for each in BOARDS]
    assert "${word" not in json.dumps(made)
    assert "{{word" not in json.dumps(made)


def test_the_committed_dashboards_are_what_the_boards_build(tmp_path: Path) -> None:
    paths = build(tmp_path)
    committed = ROOT / "infra/grafana/dashboards"
    assert {path.name for path in committed.iterdir()} == {path.name for path in paths}
    for path in paths:
        assert (committed / path.name).read_text() == path.read_text(), (
            "stale: run `ascolto dashboards build --out infra/grafana/dashboards`"
        )


def test_provisioning_names_the_source_that_the_panels_ask() -> None:
    folder = ROOT / "infra/grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/clickhouse.yaml").read_text())["datasources"]
    assert (source["type"], source["uid"]) == (DATASOURCE_TYPE, DATASOURCE_UID)
    (provider,) = yaml.safe_load((folder / "dashboards/ascolto.yaml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    mounts = compose["services"]["grafana"]["volumes"]
    assert f"./infra/grafana/dashboards:{provider['options']['path']}:ro" in mounts


def test_the_reader_s_user_may_read_just_what_the_boards_read() -> None:
    users = (ROOT / "infra/docker/clickhouse/grafana-user.xml").read_text(encoding="utf-8")
    granted = re.findall(r"GRANT SELECT(?:\([^)]+\))? ON ([\w.]+)<", users)
    made = json.dumps([all_dashboards(language) for language in LANGUAGES])
    read_there = set(re.findall(r"(?:FROM|JOIN) ((?:system\.)?\w+)(?: FINAL|\\n *WHERE)", made))
    asked_within = set(re.findall(r"(\w+) AS \(", made))
    tables = {name if "." in name else f"ascolto.{name}" for name in read_there - asked_within}
    assert sorted(granted) == sorted(tables)
    assert "original" not in users, "what was rejected may be from before redaction"
