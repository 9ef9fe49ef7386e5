from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from dashboards.panels import OVERVIEW
from dashboards.preview import QueryResult, create_preview
from dashboards.preview.macros import Choices
from dashboards.preview.reading import NEWEST_SECONDS, REMEMBERED_RESULTS, Reader
from dashboards.preview.views import VIEWS
from dashboards.queries import query
from processors.call_outcome import Backlog, WaitingCall
from schemas.rows import AGENCY_METRICS, EVENTS
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, HOUR, NOW, OTHER_CLIENT, metric

Page = TestClient[Any, Any]


async def test_the_page_is_in_italian_unless_asked_otherwise(page: Page) -> None:
    assert '<html lang="it"' in await (await page.get("/")).text()
    assert '<html lang="en"' in await (await page.get("/?lang=en")).text()
    assert '<html lang="it"' in await (await page.get("/?lang=%22%3E%3Cscript%3E")).text()


async def test_the_definition_carries_the_panels_and_their_titles(page: Page) -> None:
    answer = await (await page.get("/api/panels?lang=en")).json()
    assert [each["id"] for each in answer["panels"]] == [each.id for each in OVERVIEW]
    assert answer["panels"][1]["title"] == "Agencies side by side"
    answer = await (await page.get("/api/panels")).json()
    assert answer["language"] == "it"
    assert answer["panels"][1]["title"] == "Agenzie fianco a fianco"


@pytest.mark.parametrize("panel_id", [each.id for each in OVERVIEW])
async def test_every_panel_answers_with_rows(page: Page, panel_id: str) -> None:
    answer = await (await page.get(f"/api/panel/{panel_id}?client={CLIENT}&window=30d")).json()
    assert answer["rows"]
    assert all(len(row) == len(answer["columns"]) for row in answer["rows"])
    assert answer["to"] == "2025-03-20T15:42:10+00:00"


@pytest.mark.parametrize("path", [view.path for view in VIEWS])
async def test_every_page_is_served_before_the_store_answers(path: str) -> None:
    async def never(*_: object) -> QueryResult:
        raise ConnectionError

    async with TestClient(TestServer(create_preview(never))) as page:
        text = await (await page.get(f"{path}?theme=dark")).text()
        assert 'data-theme="dark"' in text
        assert "{{" not in text
        assert 'data-theme=""' in await (await page.get(f"{path}?theme=%22x")).text()
        assert (await page.get("/api/panels")).status == 200


async def test_the_version_says_until_when_scores_and_payments_reach(engine: Engine) -> None:
    event = {"client_id": CLIENT, "customer": "c", "version": 1}
    engine.add(
        EVENTS.name,
        [
            {**event, "topic": topic, "event_id": topic, "event_time": NOW + timedelta(hours=hours)}
            for topic, hours in (("call-transcribed", 1), ("payment-received", 5))
        ],
    )
    async with TestClient(TestServer(create_preview(engine.run_query))) as page:
        answer = await (await page.get(f"/api/version?client={CLIENT}")).json()
    reach = {name: answer[name] for name in ("scored", "arrived", "followed", "newest")}
    assert reach == {
        "scored": NOW.isoformat(),
        "arrived": (NOW + timedelta(hours=1)).isoformat(),
        "followed": (NOW + timedelta(hours=5)).isoformat(),
        "newest": (NOW + timedelta(hours=5)).isoformat(),
    }


async def test_conversations_are_found_and_shown(page: Page) -> None:
    asked = f"client={CLIENT}&agency=ferro-recuperi&order=aggression"
    found = await (await page.get(f"/api/conversations?{asked}")).json()
    rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
    assert {row["agency"] for row in rows} == {"ferro-recuperi"}
    one = f"client={CLIENT}&conversation={rows[0]['conversation']}"
    parts = await (await page.get(f"/api/conversation?{one}")).json()
    assert parts["conversation"]["rows"][0][2] == rows[0]["conversation"]
    assert len(parts["turns"]["rows"]) == 2
    assert (await page.get(f"/api/conversation?{one}x")).status == 404
    assert (await page.get(f"/api/conversation?client={OTHER_CLIENT}&{one[7:]}")).status == 404
    coaching = await (await page.get(f"/api/coaching?client={CLIENT}")).json()
    assert {row[1] for row in coaching["rows"]} == {"best", "worst"}
    for wrong in ("order=x", "after=1", f"text={'x' * 101}"):
        response = await page.get(f"/api/conversations?client={CLIENT}&{wrong}")
        assert (response.status, (await response.json())["field"]) == (400, wrong.split("=")[0])


async def test_figures_and_their_undefined_values(page: Page) -> None:
    answer = await (await page.get(f"/api/panel/payment_correlation?client={CLIENT}")).json()
    values = {row[0]: row[1] for row in answer["rows"]}
    assert values == {agency: of.r_payment for agency, of in AGENCIES.items()}


async def test_clients_and_their_own_agencies(page: Page) -> None:
    assert (await (await page.get("/api/clients")).json())["clients"] == [OTHER_CLIENT, CLIENT]
    own = await (await page.get(f"/api/variables?client={CLIENT}")).json()
    assert own["agencies"] == sorted(AGENCIES)
    other = await (await page.get(f"/api/variables?client={OTHER_CLIENT}")).json()
    assert other["agencies"] == ["alba-crediti"]


@pytest.mark.parametrize(
    "asked",
    [
        "client=",
        f"client={CLIENT}&window=5m",
        f"client={CLIENT}&to=yesterday",
        f"client={CLIENT}&to=1900-01-01",
        f"client={CLIENT}&segment=a%20b",
        "client=a%27%20OR%201%3D1",
    ],
)
async def test_impossible_choices_are_refused(page: Page, asked: str) -> None:
    response = await page.get(f"/api/panel/nps?{asked}")
    assert response.status == 400
    assert (await response.json())["error"] == "invalid"


async def test_quotes_in_a_choice_stay_text(page: Page) -> None:
    response = await page.get("/api/panel/nps", params={"client": "x'/**/OR/**/1=1--"})
    assert response.status == 200
    assert (await response.json())["rows"] == []


async def test_an_unknown_panel_is_not_found(page: Page) -> None:
    assert (await page.get(f"/api/panel/other?client={CLIENT}")).status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
async def test_other_names_for_this_machine_are_refused(page: Page, host: str) -> None:
    for path in ("/", "/api/clients", "/status", "/static/dashboard.js"):
        assert (await page.get(path, headers={"Host": host})).status == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:1"])
async def test_this_machines_own_names_are_served(page: Page, host: str) -> None:
    assert (await page.get("/api/clients", headers={"Host": host})).status == 200


async def test_headers_keep_scripts_and_frames_out(page: Page) -> None:
    for path in ("/", "/api/clients", "/static/page.css", "/nothing"):
        headers = (await page.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert (await page.get("/api/clients")).headers["Cache-Control"] == "no-store"


async def test_plotly_comes_from_the_installed_package_compressed(page: Page) -> None:
    response = await page.get("/static/plotly.min.js")
    assert response.headers["Content-Encoding"] == "gzip"
    assert "plotly.js v" in (await response.text())[:200]
    plain = await page.get("/static/plotly.min.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert "plotly.js v" in (await plain.text())[:200]


async def test_status_is_what_the_worker_reports(page: Page) -> None:
    answer = await (await page.get("/status")).json()
    assert answer == {"event_time_us": 1_742_485_330_000_000, "counts": {"calls_scored": 240}}
    assert await (await page.get("/api/status")).json() == answer


async def test_what_became_of_the_calls_is_asked_of_the_store_and_of_kafka(engine: Engine) -> None:
    asked = 0

    async def backlog() -> Backlog:
        nonlocal asked
        asked += 1
        waiting = (WaitingCall(CLIENT, HOUR), WaitingCall(OTHER_CLIENT, HOUR))
        return Backlog(waiting, complete=True)

    async with TestClient(TestServer(create_preview(engine.run_query, read_backlog=backlog))) as at:
        [found] = (await (await at.get(f"/api/calls?client={CLIENT}")).json())["clients"]
        everyone = (await (await at.get("/api/calls")).json())["clients"]
        assert asked == 1, "any number of open pages asks like one"
    assert found["client_id"] == CLIENT
    assert found["outcomes"]["waiting"]["calls"] == 1
    stored = engine.read(
        "SELECT count() AS n FROM calls WHERE client_id = {c:String}", {"c": CLIENT}
    )
    assert found["calls"] == stored[0]["n"] + 1
    assert [each["client_id"] for each in everyone] == [OTHER_CLIENT, CLIENT]


async def test_the_version_moves_with_the_data(engine: Engine) -> None:
    now = 0.0
    reader = Reader(engine.run_query, clock=lambda: now)
    before = await reader.revision()
    engine.add(AGENCY_METRICS.name, [metric("alba-crediti", HOUR, nps=90.0, version=9)])
    assert await reader.revision() == before
    now = 1.0
    assert await reader.revision() != before


async def test_an_answer_is_read_once_until_the_data_change(engine: Engine) -> None:
    async with TestClient(TestServer(create_preview(engine.run_query))) as page:
        path = f"/api/panel/nps?client={CLIENT}&to={NOW.strftime('%Y-%m-%dT%H:%M:%S')}"
        first = await (await page.get(path)).json()
        engine.queries.clear()
        answers = await asyncio.gather(*(page.get(path) for _ in range(5)))
        assert [await each.json() for each in answers] == [first] * 5
        assert all("agency_metrics FINAL" not in sql for sql in engine.queries)


async def test_a_standstill_of_the_scorer_shows_within_seconds(engine: Engine) -> None:
    """Conversations that wait for scores change no table that panels read."""
    now = 0.0
    reader, choices = Reader(engine.run_query, clock=lambda: now), Choices(CLIENT, NOW)
    before, revision = (await reader.newest(choices)).arrived, await reader.revision()
    event = {"client_id": CLIENT, "customer": "c", "version": 1, "topic": "call-transcribed"}
    arrived = NOW + timedelta(hours=2)
    engine.add(EVENTS.name, [{**event, "event_id": "waiting", "event_time": arrived}])
    now = NEWEST_SECONDS - 0.1
    assert (await reader.newest(choices)).arrived == before
    now = NEWEST_SECONDS
    assert (await reader.newest(choices)).arrived == arrived
    assert await reader.revision() == revision


async def opened_pages(engine: Engine, pages: int) -> Counter[str]:
    """What the store is asked for while that many pages are opened at once."""
    asked = {"client": CLIENT, "window": "7d"}

    async def open_page(browser: TestClient[Any, Any]) -> None:
        for path in ("/api/panels", "/api/clients", "/api/version", "/api/variables"):
            assert (await browser.get(path, params=asked)).status == 200
        paths = [f"/api/panel/{each.id}" for each in OVERVIEW]
        paths += ["/api/alert_sentences", "/api/conversations", "/api/coaching"]
        answers = await asyncio.gather(*(browser.get(path, params=asked) for path in paths))
        assert {each.status for each in answers} == {200}

    async with TestClient(TestServer(create_preview(engine.run_query))) as browser:
        engine.queries.clear()
        await asyncio.gather(*(open_page(browser) for _ in range(pages)))
    # What is asked for once in some seconds is as frequent as the machine is slow.
    timed = (query("revision"), "arrayMax(arrayFilter(time ->")
    return Counter(sql for sql in engine.queries if not any(each in sql for each in timed))


async def test_ten_open_pages_cost_the_store_what_one_costs(engine: Engine) -> None:
    one = await opened_pages(engine, 1)
    assert len(one) > len(OVERVIEW)
    assert await opened_pages(engine, 10) == one


async def test_remembered_answers_are_bounded() -> None:
    async def run_query(*_: object) -> QueryResult:
        return QueryResult(["x"], [("1",)])

    reader = Reader(run_query)
    for number in range(REMEMBERED_RESULTS + 10):
        await reader._read("SELECT 1", {"client": number})
    assert len(reader._remembered) == REMEMBERED_RESULTS


async def test_a_store_that_is_away_is_reported_without_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def away(*_: object) -> QueryResult:
        raise ConnectionError("secret-host refused c4711")

    async with TestClient(TestServer(create_preview(away))) as page:
        response = await page.get(f"/api/panel/nps?client={CLIENT}")
        assert response.status == 503
        assert await response.json() == {"error": "unavailable"}
        assert (await page.get("/status")).status == 200
    assert "ConnectionError" in caplog.text
    assert "secret-host" not in caplog.text


async def test_before_the_first_data_there_is_nothing_newest(empty: Engine) -> None:
    async with TestClient(TestServer(create_preview(empty.run_query))) as page:
        assert (await (await page.get("/api/clients")).json())["clients"] == []
        assert (await (await page.get("/api/version")).json())["newest"] is None
        answer = await (await page.get(f"/api/panel/nps?client={CLIENT}")).json()
        assert answer["rows"] == []
