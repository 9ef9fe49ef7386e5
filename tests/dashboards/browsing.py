"""The page in a real browser, over rows in the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from dashboards.preview import create_preview
from dashboards.preview.reading import RunQuery
from infra.alerting.alert_log import Insert
from infra.registry import RegistryFile

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)

in_a_browser = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not CHROMIUM.exists(),
        reason="NOT RUN: Chromium is not installed (Debian: apt-get install chromium)",
    ),
]


@asynccontextmanager
async def served(
    run_query: RunQuery, names: RegistryFile | None = None, insert: Insert | None = None
) -> AsyncIterator[str]:
    """The address of a page that asks `run_query`, and notes what is done about alerts."""
    status = {"counts": {"calls_scored": 240, "late_events": 7, "events_settled": 3}}
    page = create_preview(run_query, status=lambda: status, names=names, insert=insert)
    runner = web.AppRunner(page)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser, for all tests of a module: it takes a second or more to start."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@asynccontextmanager
async def opened(browser: Browser) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page of its own, and what its console complains of."""
    complaints: list[str] = []
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    page.on(
        "console",
        lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    await page.close()


async def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(
        await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )
