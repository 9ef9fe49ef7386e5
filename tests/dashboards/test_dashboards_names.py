"""Display names on the page, in Grafana's queries and in the report; no tenant sees another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from dashboards.panels import OVERVIEW, Panel
from dashboards.preview import create_preview
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from dashboards.survival_report import page as report
from infra.clickhouse.display_names import names_of
from infra.registry import RegistryFile, load_registry
from infra.registry_model import Registry
from schemas.rows import DISPLAY_NAMES
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, NOW, OTHER_CLIENT

HOSTILE = "<img src=x onerror=alert(1)> {{agency}} ${client} '\\"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
SHARED = "alba-crediti"
"""An agency that works for both client companies of the fixture."""


@pytest.fixture
def names(tmp_path: Path) -> RegistryFile:
    (tmp_path / "luce.svg").write_bytes(SVG)
    path = tmp_path / "names.yaml"
    path.write_text(
        f"clients:\n  {CLIENT}:\n    name: Lumina & Figli\n    logo: luce.svg\n"
        f"    agencies:\n      {SHARED}: Alba per Lumina\n      ferro-recuperi: "
        '"<img src=x onerror=alert(1)> {{agency}} ${client} \'\\\\"\n'
        f"  {OTHER_CLIENT}:\n    name: Acque\n    time_zone: Asia/Tokyo\n"
        f"    agencies: {{{SHARED}: Alba per Acque}}\n"
    )
    load_registry(path)
    return RegistryFile(path)


def fill(engine: Engine, registry: Registry) -> None:
    rows = [
        {"client_id": client_id, "agency_id": agency_id, "name": name, "version": 2}
        for (client_id, agency_id), name in names_of(registry).items()
    ]
    removed = {"client_id": CLIENT, "agency_id": "nexum-servizi", "name": "", "version": 2}
    engine.add(DISPLAY_NAMES.name, [*rows, removed])


def read(engine: Engine, sql: str, client: str = CLIENT) -> list[dict[str, Any]]:
    return engine.read(*expand(sql, Choices(client, NOW)))


@pytest.mark.parametrize("shown", OVERVIEW, ids=lambda each: each.id)
def test_grafanas_panels_show_names_and_unknown_ids(
    engine: Engine, names: RegistryFile, shown: Panel
) -> None:
    plain = read(engine, shown.sql)
    assert plain == read(engine, shown.named_sql), "without names they are the ids"
    fill(engine, names.current())
    named = read(engine, shown.named_sql)
    called = {SHARED: "Alba per Lumina", "ferro-recuperi": HOSTILE}
    expected = [{**row, "agency": called.get(row["agency"], row["agency"])} for row in plain]

    def without_order(rows: list[dict[str, Any]]) -> list[str]:
        return sorted(map(str, rows))

    assert without_order(named) == without_order(expected)
    assert "Alba per Acque" not in str(named)
    assert "Alba per Lumina" not in str(read(engine, shown.named_sql, OTHER_CLIENT))


def test_grafanas_variables_show_names_and_choose_ids(engine: Engine, names: RegistryFile) -> None:
    fill(engine, names.current())
    agencies = read(engine, query("agencies", named=True))
    assert [list(row) for row in agencies[:1]] == [["agency_id", "name"]], "the id is first"
    assert {row["agency_id"]: row["name"] for row in agencies} == {
        **{agency: agency for agency in AGENCIES},
        SHARED: "Alba per Lumina",
        "ferro-recuperi": HOSTILE,
    }
    clients = read(engine, query("clients", named=True))
    assert {row["client_id"]: row["name"] for row in clients} == {
        CLIENT: "Lumina & Figli",
        OTHER_CLIENT: "Acque",
    }


async def test_the_page_is_given_names_of_the_chosen_client_alone(
    engine: Engine, names: RegistryFile, tmp_path: Path
) -> None:
    application = create_preview(engine.run_query, names=names)
    async with TestClient(TestServer(application)) as page:
        clients = await (await page.get("/api/clients")).json()
        assert dict(clients["names"]) == {CLIENT: "Lumina & Figli", OTHER_CLIENT: "Acque"}
        before = (await (await page.get(f"/api/version?client={CLIENT}")).json())["version"]
        own = (await (await page.get(f"/api/variables?client={CLIENT}")).json())["names"]
        called = {agency: name for agency, name, _ in own["agencies"]}
        assert called[SHARED] == "Alba per Lumina"
        assert called["ferro-recuperi"] == HOSTILE
        assert called["nexum-servizi"] == "nexum-servizi"
        other = (await (await page.get(f"/api/variables?client={OTHER_CLIENT}")).json())["names"]
        assert other["agencies"] == [[SHARED, "Alba per Acque", None]]
        assert other["client"] == {"name": "Acque", "logo": None}

        logo = await page.get(own["client"]["logo"])
        assert await logo.read() == SVG
        assert logo.content_type == "image/svg+xml"
        assert "sandbox" in logo.headers["Content-Security-Policy"]
        assert "script-src" not in logo.headers["Content-Security-Policy"]
        for wrong in ("client=x", f"client={CLIENT}&agency=../luce.svg", ""):
            assert (await page.get(f"/logo?{wrong}")).status == 404

        for client, zone, time in (
            (CLIENT, "Europe/Rome", "2025-03-20 16:42"),
            (OTHER_CLIENT, "Asia/Tokyo", "2025-03-21 00:42"),
        ):
            variables = await (await page.get(f"/api/variables?client={client}")).json()
            assert variables["time_zone"] == zone
            asked = f"client={client}&to={NOW.strftime('%Y-%m-%dT%H:%M:%S')}"
            rows = await (await page.get(f"/api/panel/latest_calls.csv?{asked}")).text()
            assert time in rows

        (tmp_path / "names.yaml").write_text(f"clients: {{{CLIENT}: Altra}}")
        after = (await (await page.get(f"/api/version?client={CLIENT}")).json())["version"]
        assert after != before, "an open page reads the names again"


def test_the_report_shows_names_as_text(names: RegistryFile) -> None:
    curve = [
        {"day": day, "staying": 1.0, "low": None, "high": None, "at_risk": 9} for day in (0, 30)
    ]
    group = {"client_id": CLIENT, "group_kind": "agency", "group": "ferro-recuperi", "n": 9}
    shown = {
        "as_of": "2025-03-20T15:00:00Z",
        "window": "30d",
        "horizon_days": 30,
        "groups": [{**group, "events": 0, "curve": curve}],
        "logrank": [
            {"client_id": CLIENT, "group_kind": "agency", "p": None, "statistic": None, "n": 9}
        ],
    }
    page = report(shown, "it", names)
    assert "Lumina &amp; Figli" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert 'src="data:image/svg+xml;base64,' in page
