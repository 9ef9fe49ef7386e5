from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana.charts import DATASOURCE_TYPE, DATASOURCE_UID
from dashboards.grafana.dashboard import build, overview
from dashboards.panels import OVERVIEW, Shape
from dashboards.texts import LANGUAGES, texts

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=LANGUAGES)
def made(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, overview(request.param)


def test_the_committed_dashboard_is_what_the_panels_build(tmp_path: Path) -> None:
    for path in build(tmp_path):
        committed = ROOT / "infra/grafana/dashboards" / path.name
        assert committed.read_text() == path.read_text(), (
            "stale: run `ascolto dashboards build --out infra/grafana/dashboards`"
        )


def test_panels_are_the_overviews_with_their_sql(made: tuple[str, dict[str, Any]]) -> None:
    language, dashboard = made
    words = texts(language)
    shown = [(each["title"], each["targets"][0]["rawSql"]) for each in dashboard["panels"]]
    assert shown == [(words[f"panel.{each.id}.title"], each.named_sql) for each in OVERVIEW]


def test_every_target_goes_to_the_provisioned_source(made: tuple[str, dict[str, Any]]) -> None:
    for panel, drawn in zip(OVERVIEW, made[1]["panels"], strict=True):
        (target,) = drawn["targets"]
        assert target["datasource"] == {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID}
        assert target["editorType"] == "sql"
        assert target["format"] == (0 if panel.shape is Shape.SERIES else 1)
        assert drawn["datasource"] == target["datasource"]


def test_variables_cover_what_the_sql_uses(made: tuple[str, dict[str, Any]]) -> None:
    variables = {each["name"]: each for each in made[1]["templating"]["list"]}
    used = set()
    for panel in OVERVIEW:
        used |= set(re.findall(r"\$\{(\w+):", panel.sql))
    assert used == set(variables) == {"client", "window", "segment", "agency"}
    assert variables["agency"]["multi"]
    assert variables["agency"]["includeAll"]
    assert [each["value"] for each in variables["window"]["options"]] == ["24h", "7d", "30d", "90d"]


def test_no_two_panels_overlap(made: tuple[str, dict[str, Any]]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in made[1]["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        taken |= cells
    ids = [panel["id"] for panel in made[1]["panels"]]
    assert len(set(ids)) == len(ids)


def test_uids_are_the_same_every_time_and_in_every_language() -> None:
    assert {overview(language)["uid"] for language in LANGUAGES} == {"ascolto-agencies"}
    assert json.dumps(overview()) == json.dumps(overview())


def test_small_samples_are_greyed(made: tuple[str, dict[str, Any]]) -> None:
    nps = next(each for each in made[1]["panels"] if each["title"] == "NPS")
    overrides = {
        each["matcher"]["options"]: {p["id"]: p["value"] for p in each["properties"]}
        for each in nps["fieldConfig"]["overrides"]
    }
    assert overrides["n"]["custom.cellOptions"]["applyToRow"]
    assert overrides["n"]["thresholds"]["steps"][1] == {"color": "transparent", "value": 30}


def test_provisioning_names_the_source_that_the_panels_ask() -> None:
    folder = ROOT / "infra/grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/clickhouse.yaml").read_text())["datasources"]
    assert (source["type"], source["uid"]) == (DATASOURCE_TYPE, DATASOURCE_UID)
    (provider,) = yaml.safe_load((folder / "dashboards/ascolto.yaml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    mounts = compose["services"]["grafana"]["volumes"]
    assert f"./infra/grafana/dashboards:{provider['options']['path']}:ro" in mounts
