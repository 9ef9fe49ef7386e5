from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Page

from dashboards.preview import create_preview
from tests.dashboards import dashboard_rows
from tests.dashboards.browsing import chromium, opened
from tests.dashboards.dashboard_engine import Engine

_ROWS = dashboard_rows.rows()
_NO_ROWS: dict[str, list[dict[str, Any]]] = {}


@pytest.fixture(scope="session")
def _engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    import clickhouse_connect

    path = tmp_path_factory.mktemp("chdb")
    engine = Engine(clickhouse_connect.get_client(interface="chdb", path=str(path)))
    yield engine
    engine.close()


@pytest.fixture
def empty(_engine: Engine) -> Engine:
    """An engine with empty tables."""
    _engine.fill(_NO_ROWS)
    return _engine


@pytest.fixture
def engine(_engine: Engine) -> Engine:
    """An engine with the fixture's rows."""
    _engine.fill(_ROWS)
    return _engine


@pytest.fixture
async def page(engine: Engine) -> AsyncIterator[TestClient[Any, Any]]:
    """A client of a preview on the fixture's rows."""
    application = create_preview(
        engine.run_query,
        status=lambda: {"event_time_us": 1_742_485_330_000_000, "counts": {"calls_scored": 240}},
    )
    async with TestClient(TestServer(application)) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _chromium() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def browser_page(_chromium: Browser) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page in a browser, and what its console complains of."""
    async with opened(_chromium) as shown:
        yield shown
