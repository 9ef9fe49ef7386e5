"""The page of somebody who is signed in, in a browser: one stream for all pages, and a way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import expect

from dashboards.preview import create_preview
from dashboards.preview import updates as updates_module
from dashboards.sign_in.configuration import SignInFile
from dashboards.sign_in.guard import Guard
from schemas.rows import AGENCY_METRICS
from tests.dashboards.browsing import chromium, in_a_browser
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, HOUR, metric

pytestmark = in_a_browser


@asynccontextmanager
async def served(engine: Engine, folder: Path) -> AsyncIterator[str]:
    """The address of a page behind a proxy."""
    file = folder / "sign-in.yaml"
    file.write_text(
        "public_url: https://ascolto.example\nproxy: {addresses: [127.0.0.1]}\n"
        f"access:\n  - {{users: [anna], client: {CLIENT}}}\n"
        f"  - {{users: [ferro], client: {CLIENT}, agencies: [ferro-recuperi]}}\n"
    )
    guard = Guard(SignInFile(file), bytes(32))

    async def insert(*_: object) -> None:
        raise AssertionError("nothing is written here")

    application = create_preview(engine.run_query, guard=guard, insert=insert)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_pages_of_one_browser_share_a_stream_and_say_who_is_signed_in(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates_module, "EVERY_SECONDS", 0.1)
    complaints: list[str] = []
    streams: list[str] = []
    async with served(engine, tmp_path) as address, chromium() as browser:
        context = await browser.new_context(extra_http_headers={"X-Forwarded-User": "anna"})
        context.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        context.on("request", lambda r: streams.append(r.url) if "/api/updates" in r.url else None)
        pages = [await context.new_page() for _ in range(3)]
        for page in pages:
            await page.goto(f"{address}/?client={CLIENT}")
            await expect(page.locator(".card")).to_have_count(4)
            await expect(page.locator(".visitor")).to_have_text("Accesso: anna")
        async with asyncio.timeout(30):
            while not streams:
                await asyncio.sleep(0.05)
        row = metric("alba-crediti", HOUR, nps=77.0, version=9)
        engine.add(AGENCY_METRICS.name, [row])
        for page in pages:
            await expect(page.locator(".card").first).to_contain_text("+77")
    assert len(streams) == 1, "the others are handed on what comes"
    assert complaints == []


async def test_an_agency_sees_its_alert_without_what_the_client_company_does_about_it(
    engine: Engine, tmp_path: Path
) -> None:
    async with served(engine, tmp_path) as address, chromium() as browser:
        for user, forms in (("anna", 3), ("ferro", 0)):
            context = await browser.new_context(extra_http_headers={"X-Forwarded-User": user})
            page = await context.new_page()
            async with page.expect_response(lambda answer: "/api/alerts?" in answer.url) as asked:
                await page.goto(f"{address}/?client={CLIENT}")
            await (await asked.value).finished()
            await page.evaluate(
                "new Promise(done => setTimeout(() => requestAnimationFrame(done)))"
            )
            await expect(page.locator(".alert h3").last).to_contain_text("ferro-recuperi")
            await expect(page.locator(".follow form")).to_have_count(forms)
            await expect(page.locator(".follow p")).to_have_count(2 * forms)
            if user == "ferro":
                verdict = page.locator(".verdict dd")
                await expect(verdict.first).to_contain_text("nessun confronto: NPS −41 (da")
                await expect(verdict.last).to_contain_text("Quota di clienti che ha pagato: ")
            await context.close()
