"""Every page of ours answers this machine's own requests only: analytics' and transcriber's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from dashboards.preview.app import QueryResult, create_preview
from infra.cli.run.workers import _on_request, _status_only
from infra.embedded.processes import free_port, listening
from infra.embedded.workers import CAUGHT_UP_PATH
from infra.status_page import Page
from streams.runtime.progress import Progress

Client = TestClient[web.Request, web.Application]


async def no_rows(*_: object) -> QueryResult:
    return QueryResult(columns=["n"], rows=[["0"]])


@pytest.fixture(params=["analytics", "transcriber"])
async def page(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    notified: list[str] = []

    async def notify() -> None:
        notified.append("all")

    app = create_preview(no_rows) if request.param == "analytics" else _status_only(Progress())
    app.router.add_post(CAUGHT_UP_PATH, _on_request(notify))
    async with TestClient(TestServer(app)) as client:
        yield client
    request.node.notified = notified


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "10.0.0.1"},
        {"Host": "[::2]:80"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=str,
)
async def test_what_another_site_asks_is_refused(page: Client, headers: dict[str, str]) -> None:
    assert (await page.get("/status", headers=headers)).status == 403
    assert (await page.post(CAUGHT_UP_PATH, headers=headers)).status == 403


async def test_a_foreign_page_cannot_post_by_calling_it_a_link(page: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await page.post(CAUGHT_UP_PATH, headers=headers)).status == 403
    assert (await page.get("/status", headers=headers)).status == 200, "a link may lead here"


async def test_its_own_requests_are_answered(page: Client) -> None:
    assert (await page.get("/status")).status == 200
    own = {"Origin": f"http://127.0.0.1:{page.port}", "Sec-Fetch-Site": "same-origin"}
    assert (await page.get("/status", headers=own)).status == 200
    assert (await page.post(CAUGHT_UP_PATH, headers=own)).status == 204
    assert (await page.post(CAUGHT_UP_PATH)).status == 204, "the stack itself"


@pytest.mark.parametrize(
    ("served_at", "host", "status"),
    [
        ("127.0.0.1", "10.0.0.7:8600", 403),
        ("10.0.0.7", "10.0.0.7:8600", 200),
        ("0.0.0.0", "10.0.0.7:8600", 200),
        ("0.0.0.0", "evil.example:8600", 403),
        ("status.internal", "status.internal:8600", 200),
    ],
)
async def test_a_page_served_elsewhere_answers_to_that_address(
    tmp_path: Path, served_at: str, host: str, status: int
) -> None:
    app = _status_only(Progress())
    Page(app, served_at, 0, tmp_path / "address.json")
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/status", headers={"Host": host})).status == status


async def test_pages_that_start_at_once_at_one_port_are_all_served(tmp_path: Path) -> None:
    port = free_port()
    pages = [Page(web.Application(), "127.0.0.1", port, tmp_path / f"{n}.json") for n in range(8)]
    urls = await asyncio.gather(*(page.start() for page in pages))
    try:
        assert len(set(urls)) == len(pages)
        assert f"http://127.0.0.1:{port}" in urls
    finally:
        await asyncio.gather(*(page.stop() for page in pages))


async def test_a_page_is_served_by_ipv6(tmp_path: Path) -> None:
    try:
        listening(host="::1").close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    page = Page(web.Application(), "::1", 0, tmp_path / "page.json")
    url = await page.start()
    try:
        async with ClientSession() as session, session.get(url) as answer:
            assert answer.status == 404
    finally:
        await page.stop()
