"""The page of agencies compared, as its reader sees it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import floor
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from dashboards.panels import OVERVIEW, WINDOWS, Shape, Unit, panel
from dashboards.preview import QueryResult
from dashboards.preview.macros import Choices, expand
from dashboards.texts import texts
from infra.registry import RegistryFile
from schemas.rows import AGENCY_METRICS
from tests.dashboards import dashboard_rows
from tests.dashboards.browsing import in_a_browser, overflow, served
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, HOUR, NOW, figure, metric

Browser = tuple[Page, list[str]]

pytestmark = in_a_browser

FIGURES = [each for each in OVERVIEW if each.shape is Shape.FIGURE]
UNSETTLED = "#dashboard > .loading, .stale, .failed"
WORDED = ".alerts .body, .comparison .body, .counts .body, .quarters .body, .calls .body"
CHARTS = ["recovery_and_churn", "nps_over_time", "aggression_over_time", "staying"]


WATCHED = """
addEventListener("DOMContentLoaded", () => {
  window.shown = [];
  const watch = () => {
    const chosen = document.querySelector(".controls [aria-pressed=true]");
    const panel = document.querySelector("#panel-comparison");
    const figure = panel?.querySelector(".card .count");
    if (chosen && panel?.querySelector(".skeleton")) window.stood ??= performance.now();
    if (!figure || panel.matches(".stale, .loading, .failed")) return;
    window.shown.push([chosen.textContent, figure.textContent]);
  };
  const everything = { subtree: true, childList: true, attributes: true };
  new MutationObserver(watch).observe(document, everything);
});
"""
"""Notes when header and skeletons stand, and which figure is shown under which choice of window."""


def italian(unit: Unit, value: float | None) -> str:
    """A value as an Italian reads it, made apart from the page."""
    if value is None:
        return "–"
    text = {
        Unit.NPS: f"{value:+.0f}",
        Unit.SCORE: f"{value:.2f}",
        Unit.RATE: f"{value * 100:.1f}%",
        Unit.MONEY: f"{floor(value + 0.5):,}\N{NO-BREAK SPACE}€",
        Unit.CORRELATION: f"{value:+.2f}",
    }[unit]
    return text.replace("-", "−").translate(str.maketrans(",.", ".,"))


async def test_a_manager_reads_the_answer_on_the_first_screen(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/?client={CLIENT}")
        await expect(page.locator("h1")).to_have_text("Agenzie a confronto")
        await expect(page.locator(".card h3")).to_have_text(sorted(AGENCIES))
        await expect(page.locator(".card .hero strong")).to_have_text(["+34", "−41", "−22", "+10"])
        await expect(page.locator(".card .hero.few")).to_have_count(1)
        said = page.locator(".verdict dd")
        await expect(said.nth(0)).to_contain_text("alba-crediti si distingue: NPS +34 (da +27")
        await expect(said.nth(1)).to_contain_text(
            "Con alba-crediti se ne perdono meno che con tutte le altre: 6,1%"
        )
        await expect(said.nth(2)).to_contain_text("possono essere un caso")
        first = page.locator(".card").first
        await expect(first.locator(".why li").first).to_contain_text("Operatore gentile")
        for shown in (first.locator(".why li").first, said.nth(2), page.locator(".alert").first):
            box = await shown.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 900, "on the first screen"
        await expect(page.locator(".alert h3")).to_have_text(
            [
                "sole&figli<srl>: giorni di lavoro senza conversazioni: 3",
                "nexum-servizi: l'NPS è sceso da −22 a −63",
                "ferro-recuperi: l'aggressività è salita da 0,58 a 0,78",
            ]
        )
        described = page.locator(".alert p")
        await expect(described.nth(0)).to_contain_text("di solito 18 al giorno")
        await expect(described.nth(1)).to_contain_text(" · 71 voti")
        await expect(described.nth(2)).to_contain_text("su una scala da 0 a 1")
        strip = page.locator("#strip")
        await expect(strip).to_contain_text("Situazione al 20 mar 2025, 16:42")
        await expect(strip).to_contain_text("ora italiana")
        await expect(strip).not_to_contain_text("settled")
        await expect(page.locator(".js-plotly-plot")).to_have_count(len(CHARTS))
        await expect(page.locator(".call")).to_have_count(6)

        await page.get_by_role("button", name="Inglese").click()
        await expect(page.locator("h1")).to_have_text("Agencies compared")
        await expect(page.locator(".alert h3").nth(2)).to_contain_text(
            "has risen from 0.58 to 0.78"
        )
        assert await page.evaluate("document.documentElement.lang") == "en"
        assert complaints == []


async def test_a_time_on_the_wall_is_an_instant_also_when_clocks_change(
    empty: Engine, browser_page: Browser
) -> None:
    page, _ = browser_page
    days = {
        "Europe/Rome": ("2026-03-29", "2026-10-25"),
        "America/New_York": ("2026-03-08", "2026-11-01"),
        "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    }
    expected = {}
    for zone, changes in days.items():
        for day in changes:
            midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            for half in range(-12, 60):
                at = midnight + timedelta(minutes=30 * half)
                local = f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
                expected.setdefault(f"{zone} {local}", at.isoformat())
    async with served(empty.run_query) as url:
        await page.goto(url)
        found = await page.evaluate(
            """async (asked) => {
                const { instantOf, useZone } = await import("/static/format.js");
                return Object.fromEntries(asked.map((each) => {
                    const [zone, wall] = each.split(" ");
                    useZone(zone);
                    return [each, instantOf(wall)];
                }));
            }""",
            list(expected),
        )
    assert found == expected


async def test_a_small_change_is_written_with_a_digit_more(
    empty: Engine, browser_page: Browser
) -> None:
    page, _ = browser_page
    changes = [
        ("aggression_rise", 0.12, 0.124, "da 0,120 a 0,124"),
        ("aggression_rise", 0.12, 0.3, "da 0,12 a 0,30"),
        ("nps_fall", 30.4, 29.6, "da +30,4 a +29,6"),
        ("nps_fall", 30.4, -9.6, "da +30 a \u221210"),
    ]
    rows = [
        {"agency": "a", "kind": kind, "baseline": baseline, "level": level, "n": 40}
        | {"since": HOUR.isoformat()}
        for kind, baseline, level, _ in changes
    ]
    async with served(empty.run_query) as url:
        await page.goto(f"{url}/?lang=it")
        await expect(page.locator("h1")).to_be_visible()
        found = await page.evaluate(
            """async ([rows, until]) => {
                const { drawAlerts } = await import("/static/voices.js");
                const place = document.createElement("div");
                drawAlerts(place, rows, [], until);
                return [...place.querySelectorAll("h3")].map((each) => each.textContent);
            }""",
            [rows, NOW.isoformat()],
        )
    for text, (*_, said) in zip(found, changes, strict=True):
        assert text.endswith(said)


async def test_every_figure_is_the_query_s(engine: Engine, browser_page: Browser) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/?client={CLIENT}")
        await page.locator("#all-figures > summary").click()
        for each in FIGURES:
            rows = engine.read(*expand(each.sql, Choices(CLIENT, NOW)))
            shown = page.locator(f"#panel-{each.id} li")
            await expect(shown).to_have_count(len(rows))
            texts = await shown.locator("b").all_inner_texts()
            values = [None if row["value"] is None else float(row["value"]) for row in rows]
            assert texts == [italian(each.unit, value) for value in values], each.id
            for row, text in zip(rows, await shown.all_inner_texts(), strict=True):
                assert f"n {row['n']}" in text.replace(".", "")
        for chart in CHARTS:
            await expect(page.locator(f"#panel-{chart} .js-plotly-plot")).to_have_count(1)
            await page.locator(f"#panel-{chart} .behind summary").click()
            rows = engine.read(*expand(panel(chart).sql, Choices(CLIENT, NOW)))
            await expect(page.locator(f"#panel-{chart} tbody tr")).to_have_count(len(rows))
        await expect(page.locator(UNSETTLED)).to_have_count(0)
        assert complaints == []


async def test_the_address_holds_the_whole_choice(engine: Engine, browser_page: Browser) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/?client={CLIENT}&window=5m")
        await expect(page.locator(".card")).to_have_count(4)
        await page.get_by_role("button", name="Scuro").click()
        await page.get_by_role("button", name="nexum-servizi").click()
        await page.get_by_role("button", name="7 giorni").click()
        await page.get_by_label("Situazione al").fill("2025-03-20T15:00")
        await page.get_by_label("Situazione al").press("Tab")
        await expect(page.locator("#strip")).to_contain_text("20 mar 2025, 15:00")
        await expect(page.locator(UNSETTLED)).to_have_count(0)
        await expect(page.locator(".card")).to_have_count(3)
        shown = await page.locator(WORDED).all_inner_texts()
        address = page.url
        assert "to=2025-03-20T14%3A00" in address, "UTC, of a time in Rome"

        await page.goto("about:blank")
        await page.goto(address)
        await expect(page.locator(UNSETTLED)).to_have_count(0)
        await expect(page.locator(".card")).to_have_count(3)
        assert await page.locator(WORDED).all_inner_texts() == shown
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        back = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert back == "rgb(18, 25, 32)"
        await page.get_by_label("Segmento").select_option("channel=phone")
        await expect(page).to_have_url(re.compile("segment=channel%3Dphone"))
        assert complaints == []


async def test_old_figures_never_stand_under_a_new_choice(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page
    gate = asyncio.Event()
    sql = panel("comparison").sql
    rightly = {}
    for window in WINDOWS:
        first = engine.read(*expand(sql, Choices(CLIENT, NOW, window)))[0]
        written = f"{first['calls']:,} conversazioni".replace(",", ".")
        rightly[texts("it")[f"window.{window}"]] = written

    async def slow(sql: str, parameters: Mapping[str, Any]) -> QueryResult:
        await gate.wait()
        return await engine.run_query(sql, parameters)

    async with served(slow) as url:
        await page.add_init_script(WATCHED)
        await page.goto(f"{url}/?client={CLIENT}")
        await expect(page.get_by_role("button", name="30 giorni")).to_be_visible()
        await expect(page.locator("#panel-nps_over_time .skeleton")).to_be_visible()
        assert await page.evaluate("window.stood") < 1000, "the page waits for no store"

        # Another window, while no query for the first one has been answered.
        await page.get_by_role("button", name="90 giorni").click()
        await expect(page.locator("#panel-comparison .skeleton")).to_be_visible()
        gate.set()
        await expect(page.locator(UNSETTLED)).to_have_count(0)
        await expect(page.locator(".card header .count").first).to_have_text(rightly["90 giorni"])
        # And back, while those of the second are being answered one by one.
        await page.get_by_role("button", name="24 ore").click()
        await page.get_by_role("button", name="30 giorni").click()
        await expect(page.locator(".card header .count").first).to_have_text(rightly["30 giorni"])
        await expect(page.locator(UNSETTLED)).to_have_count(0)

        gate.clear()
        await page.get_by_role("button", name="7 giorni").click()
        pressed = page.get_by_role("button", name="7 giorni")
        await expect(pressed).to_have_attribute("aria-pressed", "true")
        comparison = page.locator("#panel-comparison")
        await expect(comparison.locator(".old")).to_contain_text("Sto caricando «7 giorni»")
        await expect(comparison).to_have_attribute("aria-busy", "true")
        opacity = await comparison.locator(".body").evaluate("e => getComputedStyle(e).opacity")
        assert float(opacity) < 0.5
        gate.set()
        await expect(page.locator(".card header .count").first).to_have_text("216 conversazioni")
        await expect(page.locator(".stale")).to_have_count(0)
        shown = dict(await page.evaluate("window.shown"))
        assert {"90 giorni", "30 giorni", "7 giorni"} <= shown.keys()
        for window, figure in await page.evaluate("window.shown"):
            assert figure == rightly[window], window
        assert complaints == []


@pytest.mark.parametrize("path", ["/", "/conversations", "/coaching", "/conversation", "/calls"])
async def test_nothing_is_wider_than_the_screen(
    engine: Engine, browser_page: Browser, path: str
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}{path}?client={CLIENT}&conversation=call-0001")
        await expect(page.locator("main section, main .call").first).to_be_visible()
        if path == "/":
            await expect(page.locator(".js-plotly-plot")).to_have_count(len(CHARTS))
        for width in (1440, 768, 390):
            await page.set_viewport_size({"width": width, "height": 844})
            assert await overflow(page) <= 0, width
        if path == "/":
            tall = await page.evaluate("document.documentElement.scrollHeight")
            assert tall <= 11 * 844, "four agencies and three alerts on a phone"
        assert complaints == []


async def test_the_page_fills_and_moves_on_by_itself(empty: Engine, browser_page: Browser) -> None:
    page, complaints = browser_page
    async with served(empty.run_query) as url:
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
        kept = page.locator(".card").nth(1).get_by_role("link", name="Clienti persi")
        await kept.focus()
        await page.locator(".card").nth(1).locator(".more summary").click()
        await kept.focus()

        corrected = [metric("alba-crediti", HOUR, nps=12.0, version=2)]
        await asyncio.to_thread(empty.add, AGENCY_METRICS.name, corrected)
        await expect(page.locator(".card .hero strong")).to_have_text(
            ["+12", "−41"], timeout=15_000
        )
        await expect(kept).to_be_focused()
        assert await page.locator(".card").nth(1).locator(".more").get_attribute("open") == ""
        assert await page.evaluate("performance.timeOrigin") == loaded
        assert complaints == []


async def test_findings_speak_only_of_what_is_certain(empty: Engine, browser_page: Browser) -> None:
    page, complaints = browser_page
    lost = {"alba-crediti": 0.05, "nexum-servizi": 0.1, "ferro-recuperi": 0.15}
    rows = [
        metric(agency, HOUR)
        | figure("churn_rate", churn, 0.04, 300)
        | figure("nps", 10, 9, 40)
        | figure("recovery_rate", 0.5, 0.1, 29)
        for agency, churn in lost.items()
    ]
    empty.add(AGENCY_METRICS.name, rows)
    async with served(empty.run_query) as url:
        await page.goto(f"{url}/?client={CLIENT}")
        await expect(page.locator(".verdict dd")).to_have_text(
            [
                "Nessuna agenzia si distingue con certezza: gli intervalli dell'NPS si toccano.",
                "Con alba-crediti se ne perdono meno che con ferro-recuperi: 5,0% (su 300 clienti) "
                "contro 15,0% (su 300). "
                "Nessuna si stacca da tutte le altre.",
                "Ancora troppo pochi clienti per un giudizio.",
            ]
        )
        assert complaints == []


async def test_what_was_said_is_never_markup(empty: Engine, browser_page: Browser) -> None:
    page, complaints = browser_page
    call = dashboard_rows.rows()["calls"][0]
    spoken = "<img src=x onerror=alert(1)> paghi oggi stesso"
    agency = "<b>Alba</b>\u202e\x1b[2J"
    written = "<b>Alba</b>\\u202e\\u001b[2J"
    call |= {"turns": f'[{{"speaker": "{spoken}", "text": "{spoken}"}}]', "agency_id": agency}
    call |= {"quotes": [("aggression.threat", 0, spoken, 1.0)], "drivers": [spoken]}
    call |= {"aggression": 0.9, "channel": spoken}
    empty.add("calls", [call])
    empty.add(
        AGENCY_METRICS.name,
        [metric("alba-crediti", HOUR, agency_id=agency), metric("ferro-recuperi", HOUR)],
    )
    async with served(empty.run_query) as url:
        for path in ("/", "/conversations", "/coaching", "/conversation"):
            await page.goto(f"{url}{path}?client={CLIENT}&conversation={call['event_id']}")
            await expect(page.locator("mark")).to_have_text(spoken)
            await expect(page.locator("main").get_by_text(written).first).to_be_visible()
            assert await page.locator("main img, main mark *").count() == 0
        assert complaints == []


async def test_names_replace_ids_everywhere_and_are_never_markup(
    engine: Engine, browser_page: Browser, tmp_path: Path
) -> None:
    page, complaints = browser_page
    hostile = "<img src=x onerror=alert(1)>"
    (tmp_path / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" '
        'onload="parent.ran = true"><script>parent.ran = true</script></svg>'
    )
    registry = tmp_path / "names.yaml"
    registry.write_text(
        f"clients:\n  {CLIENT}:\n    name: Lumina & Figli\n    logo: logo.svg\n"
        "    time_zone: Asia/Tokyo\n    agencies:\n"
        f"      alba-crediti: {{name: '{hostile}', logo: logo.svg}}\n      ferro-recuperi: Ferro\n"
    )
    async with served(engine.run_query, RegistryFile(registry)) as url:
        await page.goto(f"{url}/?client={CLIENT}")
        shown = [hostile, "Ferro", "nexum-servizi", "sole&figli<srl>"]
        await expect(page.locator(".card h3")).to_have_text(shown)
        await expect(page.locator(".chip")).to_have_text(shown)
        await expect(page.locator(".verdict")).to_contain_text(f"{hostile} si distingue")
        await expect(page.locator(".alert h3").nth(2)).to_contain_text("Ferro: l'aggress")
        legend = page.locator("#panel-nps_over_time .legendtext")
        await expect(legend.nth(1)).to_have_text("Ferro")
        await expect(page.locator("select").first).to_contain_text("Lumina & Figli")
        await expect(page.locator("#strip")).to_contain_text("21 mar 2025, 00:42")
        await expect(page.locator("#strip")).to_contain_text("ora di Tokyo")
        await expect(page.locator("img.logo")).to_have_count(1)
        assert await page.locator("img.logo").evaluate("each => each.naturalWidth") > 0
        assert await page.locator("img[src=x]").count() == 0
        assert await page.evaluate("window.ran") is None

        text = await page.locator("#dashboard").inner_text()
        assert "alba-crediti" not in text
        assert "ferro-recuperi" not in text
        registry.write_text(f"clients: {{{CLIENT}: {{name: L, agencies: {{ferro-recuperi: F.}}}}}}")
        await expect(page.locator(".card h3").nth(1)).to_have_text("F.", timeout=15_000)
        await expect(page.locator("#strip")).to_contain_text("ora italiana")
        assert complaints == []
