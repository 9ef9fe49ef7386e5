from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright, expect

from dashboards.preview import create_preview
from infra.registry import RegistryFile
from schemas.rows import AGENCY_METRICS
from tests.dashboards import dashboard_rows
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, HOUR, metric

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(),
        reason="NOT RUN: Chromium is not installed (Debian: apt-get install chromium)",
    ),
]


async def _serve(engine: Engine, names: RegistryFile | None = None) -> tuple[web.AppRunner, str]:
    status = {
        "event_time_us": 1_742_485_330_000_000,
        "counts": {"calls_scored": 240, "late_events": 7},
    }
    runner = web.AppRunner(create_preview(engine.run_query, status=lambda: status, names=names))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def browser_page() -> AsyncIterator[tuple[Page, list[str]]]:
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints
        await browser.close()


async def test_a_manager_reads_the_agencies_side_by_side(
    engine: Engine, browser_page: tuple[Page, list[str]]
) -> None:
    page, complaints = browser_page
    runner, url = await _serve(engine)
    try:
        await page.goto(f"{url}/?client={CLIENT}")
        await expect(page.locator("h1")).to_have_text("Agenzie a confronto")
        await expect(page.locator(".card h3")).to_have_text(sorted(AGENCIES))
        await expect(page.locator(".card .hero strong")).to_have_text(["+34", "−41", "−22", "+10"])
        await expect(page.locator(".card .hero.few")).to_have_count(1)
        await expect(page.locator(".verdict")).to_contain_text("alba-crediti si distingue")
        await expect(page.locator(".alert h3")).to_have_text(
            [
                "sole&figli<srl>: giorni di lavoro senza conversazioni: 3",
                "nexum-servizi: l'NPS è sceso di 42 punti",
                "ferro-recuperi: l'aggressività è salita di 20 punti",
            ]
        )
        described = page.locator(".alert p")
        await expect(described.nth(0)).to_contain_text("di solito 18 al giorno")
        await expect(described.nth(1)).to_contain_text("di solito −22, adesso −63 · 71 voti")
        await expect(described.nth(2)).to_contain_text("di solito 0,58, adesso 0,78")
        await expect(page.locator(".call")).to_have_count(20)
        await expect(page.locator(".call mark").first).to_be_visible()
        await expect(page.locator(".unscored")).to_have_text(
            "senza punteggio (trascrizione incerta)"
        )
        await expect(page.locator(".js-plotly-plot")).to_have_count(16)
        await expect(page.locator("#strip")).to_contain_text("conversazioni valutate 240")
        await expect(page.locator("#strip")).not_to_contain_text("late")

        await page.get_by_role("button", name="EN").click()
        await expect(page.locator("h1")).to_have_text("Agencies compared")
        await expect(page.locator("#panel-churn_rate h2")).to_have_text("Customers lost")
        await expect(page.locator(".alert h3").nth(2)).to_contain_text("has risen by 20 points")
        assert await page.evaluate("document.documentElement.lang") == "en"

        await page.get_by_role("button", name="7 days").click()
        await expect(page.locator(".card header span").first).to_have_text("216 conversations")
        await page.get_by_role("button", name="nexum-servizi").click()
        await expect(page.locator(".card h3")).to_have_count(3)

        for width in (1280, 800, 390):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []
    finally:
        await runner.cleanup()


async def test_a_manager_sees_what_became_of_the_calls(
    engine: Engine, browser_page: tuple[Page, list[str]]
) -> None:
    page, complaints = browser_page
    runner, url = await _serve(engine)
    try:
        await page.goto(f"{url}/?client={CLIENT}")
        await page.get_by_role("link", name="Esito delle chiamate").click()
        await expect(page.locator("h1")).to_have_text("Esito delle chiamate")
        rows = page.locator("tbody tr")
        await expect(rows.first).to_contain_text("Valutate")
        await expect(page.locator(".of-low_confidence td").first).to_have_text("1")
        waiting = page.locator(".of-waiting td").first
        await expect(waiting).to_be_visible()
        await expect(waiting).to_have_text("–")
        await expect(page.locator(".quiet")).to_contain_text("Kafka non risponde")
        await page.get_by_role("link", name="Torna al confronto").click()
        await expect(page.locator(".card h3")).to_have_count(len(AGENCIES))

        await page.set_viewport_size({"width": 390, "height": 800})
        await page.goto(f"{url}/calls?client={CLIENT}&lang=en")
        await expect(rows.first).to_contain_text("Scored")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert complaints == []
    finally:
        await runner.cleanup()


async def test_the_page_fills_and_moves_on_by_itself(
    empty: Engine, browser_page: tuple[Page, list[str]]
) -> None:
    page, complaints = browser_page
    runner, url = await _serve(empty)
    try:
        await page.goto(url)
        await expect(page.locator(".waiting")).to_contain_text("in attesa dei primi dati…")
        await expect(page.locator(".panel").first).to_be_hidden()
        loaded = await page.evaluate("performance.timeOrigin")

        rows = [metric("alba-crediti", HOUR), metric("ferro-recuperi", HOUR)]
        await asyncio.to_thread(empty.add, AGENCY_METRICS.name, rows)
        await expect(page.locator(".card .hero strong")).to_have_text(
            ["+34", "−41"], timeout=15_000
        )
        await expect(page.locator(".waiting")).to_be_hidden()

        corrected = [metric("alba-crediti", HOUR, nps=12.0, version=2)]
        await asyncio.to_thread(empty.add, AGENCY_METRICS.name, corrected)
        await expect(page.locator(".card .hero strong")).to_have_text(
            ["+12", "−41"], timeout=15_000
        )
        assert await page.evaluate("performance.timeOrigin") == loaded
        assert complaints == []
    finally:
        await runner.cleanup()


async def test_what_was_said_is_never_markup(
    empty: Engine, browser_page: tuple[Page, list[str]]
) -> None:
    page, complaints = browser_page
    rows = dashboard_rows.rows()
    call = rows["calls"][0]
    spoken = "<img src=x onerror=alert(1)>"
    call["turns"] = f'[{{"text": "{spoken}"}}]'
    call["quotes"] = [("aggression.threat", 0, spoken, 1.0)]
    agency = "<b>Alba</b>\u202e\x1b[2J"
    call["agency_id"] = agency
    empty.add("calls", [call])
    empty.add(
        AGENCY_METRICS.name,
        [metric("alba-crediti", HOUR, agency_id=agency), metric("ferro-recuperi", HOUR)],
    )
    runner, url = await _serve(empty)
    try:
        await page.goto(url)
        await expect(page.locator(".call mark")).to_have_text(spoken)
        assert await page.locator(".call img").count() == 0
        await expect(page.locator("#panel-nps .ytick text").first).to_have_text(
            "<b>Alba</b>\\u202e\\u001b[2J"
        )
        await expect(page.locator(".call header b")).to_have_text("<b>Alba</b>\\u202e\\u001b[2J")
        assert complaints == []
    finally:
        await runner.cleanup()


async def test_names_replace_ids_everywhere_and_are_never_markup(
    engine: Engine, browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, complaints = browser_page
    hostile = "<img src=x onerror=alert(1)>"
    (tmp_path / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" '
        'onload="parent.ran = true"><script>parent.ran = true</script></svg>'
    )
    registry = tmp_path / "names.yaml"
    registry.write_text(
        f"clients:\n  {CLIENT}:\n    name: Lumina & Figli\n    logo: logo.svg\n    agencies:\n"
        f"      alba-crediti: {{name: '{hostile}', logo: logo.svg}}\n      ferro-recuperi: Ferro\n"
    )
    runner, url = await _serve(engine, RegistryFile(registry))
    try:
        await page.goto(f"{url}/?client={CLIENT}")
        shown = [hostile, "Ferro", "nexum-servizi", "sole&figli<srl>"]
        await expect(page.locator(".card h3")).to_have_text(shown)
        await expect(page.locator(".chip")).to_have_text(shown)
        await expect(page.locator(".verdict")).to_contain_text(f"{hostile} si distingue")
        await expect(page.locator(".alert h3").nth(2)).to_contain_text("Ferro: l'aggress")
        await expect(page.locator("#panel-nps .ytick text").nth(1)).to_have_text("Ferro")
        await expect(page.locator("select").first).to_contain_text("Lumina & Figli")
        await expect(page.locator("img.logo")).to_have_count(1)
        assert await page.locator("img.logo").evaluate("each => each.naturalWidth") > 0
        assert await page.locator("img[src=x]").count() == 0
        assert await page.evaluate("window.ran") is None

        text = await page.locator("#dashboard").inner_text()
        assert "alba-crediti" not in text
        assert "ferro-recuperi" not in text
        registry.write_text(f"clients: {{{CLIENT}: {{name: L, agencies: {{ferro-recuperi: F.}}}}}}")
        await expect(page.locator(".card h3").nth(1)).to_have_text("F.", timeout=15_000)
        assert complaints == []
    finally:
        await runner.cleanup()
