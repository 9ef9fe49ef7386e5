"""From a figure to the conversations behind it, to one, to what followed; by keyboard, too."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from dashboards.panels import panel
from dashboards.preview.macros import Choices, expand
from infra.clickhouse.store import Row
from schemas.rows import ENGAGEMENTS, EVENTS, Table
from tests.dashboards import dashboard_rows
from tests.dashboards.browsing import in_a_browser, served
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import CLIENT, NOW

Browser = tuple[Page, list[str]]

pytestmark = in_a_browser

AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))


async def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until what has the focus is `selector`; the focus is visible at every stop."""
    for _ in range(80):
        await page.keyboard.press(key)
        reached, outline = await page.evaluate(
            """each => [document.activeElement.matches(each),
                        getComputedStyle(document.activeElement).outline]""",
            selector,
        )
        assert " none " not in outline, f"the focus cannot be seen on the way to {selector}"
        if reached:
            return
    raise AssertionError(f"{key} does not reach {selector}")


def followed_by_a_payment(call: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rows that say what the customer of a conversation did: paid in francs, some returned."""
    whose = {"client_id": CLIENT, "customer": call["customer"], "version": 1}
    engagement = dashboard_rows.engagement(call["agency_id"], 999, 0.9, False)
    engagement |= {**whose, "opened_at": call["ended_at"], "matures_at": NOW + timedelta(days=30)}
    data = {"amount": "1061.20", "currency": "CHF"}
    before = NOW - timedelta(minutes=1)
    paid = {**whose, "topic": "payment-received", "event_id": "paid", "event_time": before}
    back = {**whose, "topic": "payment-returned", "event_id": "back", "event_time": NOW}
    return {
        ENGAGEMENTS.name: [engagement | {"paid": True, "cancelled": False}],
        EVENTS.name: [
            paid | {"payload": json.dumps({"data": data})},
            back | {"payload": json.dumps({"data": {"amount": "11.20"}})},
        ],
    }


async def test_from_an_alert_to_what_the_customer_did_and_a_note_by_keyboard_alone(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page

    async def insert(table: Table, rows: Sequence[Row]) -> None:
        await asyncio.to_thread(engine.add, table.name, [dict(row) for row in rows])

    worst = (
        "SELECT * FROM calls WHERE agency_id = 'ferro-recuperi' ORDER BY aggression DESC LIMIT 1"
    )
    for name, rows in followed_by_a_payment(engine.read(worst, {})[0]).items():
        engine.add(name, rows)
    async with served(engine.run_query, insert=insert) as url:
        await page.goto(f"{url}/?client={CLIENT}&lang=it")
        await expect(page.locator(".alert")).to_have_count(3)
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await press_until(page, "Tab", ".alert:nth-child(3) .go")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Conversazioni")
        asked = parse_qs(urlsplit(page.url).query)
        assert asked["agency"] == ["ferro-recuperi"]
        assert (asked["order"], asked["window"]) == (["aggression"], ["30d"])
        await expect(page.locator(".call header b").first).to_have_text("ferro-recuperi")
        scores = await page.locator(".call .gauge.harsh b").all_inner_texts()
        assert scores == sorted(scores, reverse=True)

        await press_until(page, "Tab", ".call .open")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Una conversazione")
        await expect(page.locator(".turn")).to_have_count(2)
        await expect(page.locator(".turn mark").first).to_be_visible()
        await expect(page.locator("#followed")).to_have_text("Poi che cosa è successo")
        await expect(page.locator(".outcome")).to_contain_text("Per ora non ha disdetto")
        paid, back = page.locator(".events li").first, page.locator(".events li").nth(1)
        await expect(paid).to_contain_text("pagamento 1.061,20")
        await expect(paid).to_contain_text("CHF")
        await expect(back).to_contain_text("11,20\u00a0CHF")
        await press_until(page, "Shift+Tab", ".back a")
        await page.keyboard.press("Enter")
        await expect(page.locator(".call .gauge.harsh b").first).to_have_text(scores[0])

        await press_until(page, "Tab", "nav a[data-key='/']")
        await page.keyboard.press("Enter")
        followed = page.locator(".alert .follow")
        await expect(followed).to_contain_text("Nessuno l'ha ancora preso in carico")
        await press_until(page, "Tab", ".alert .follow summary")
        await page.keyboard.press("Enter")
        await press_until(page, "Tab", "[name=note]")
        await page.keyboard.type("parlato con <b>l'agenzia</b>")
        await page.keyboard.press("Enter")
        await expect(followed.locator(".wrong")).to_contain_text("serve il nome")
        await expect(page.get_by_label("Il mio nome")).to_be_focused()
        await page.keyboard.type("Anna\u200b")
        await press_until(page, "Tab", "[data-key^=take]")
        await page.keyboard.press("Enter")
        await expect(followed.locator(".wrong")).to_contain_text("caratteri invisibili")
        await press_until(page, "Shift+Tab", "[name=who]")
        await page.keyboard.type("Anna")
        await press_until(page, "Tab", "[data-key^=take]")
        await page.keyboard.press("Enter")
        await expect(followed.locator("li")).to_contain_text("Preso in carico da Anna")
        await expect(page.get_by_label("Nota")).to_have_value("parlato con <b>l'agenzia</b>")
        await expect(page.get_by_label("Nota")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(followed.locator("li").nth(1)).to_contain_text("Anna: parlato con <b>l'ag")
        await expect(page.get_by_label("Nota")).to_have_value("")
        await expect(page.get_by_label("Nota")).to_be_focused()
        assert [each for each in complaints if "400" not in each] == []


async def test_every_figure_leads_to_what_is_behind_it(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        start = f"{url}/?client={CLIENT}&window=7d"
        await page.goto(start)
        rows = engine.read(*expand(panel("drivers").sql, Choices(CLIENT, NOW, "7d")))
        driver = next(row for row in rows if row["driver"] == "threat")
        link = page.locator(f"#panel-drivers a[data-key='threat-{driver['agency']}']")
        await expect(link).to_contain_text(f"n {driver['calls']}")
        await link.click()
        await expect(page.locator(".list h2")).to_contain_text(f"{driver['calls']} conversazioni")

        await page.goto(start)
        await expect(page.locator(".js-plotly-plot")).to_have_count(4)
        pages = await page.evaluate(
            """[...document.querySelectorAll(".js-plotly-plot")].map(
                (each) => each.data.flatMap((trace) => trace.customdata ?? []))"""
        )
        for place in await page.locator(".panel:has(.js-plotly-plot)").all():
            await place.locator(".behind summary").focus()
            await page.keyboard.press("Enter")
            await expect(place.locator("tbody a").first).to_be_visible()
            await press_until(page, "Tab", "tbody a")
            points = await place.locator(".js-plotly-plot").evaluate(
                "each => each.data.flatMap((trace) => trace.customdata ?? [])"
            )
            behind = place.locator("tbody a")
            read = "all => all.map((each) => each.getAttribute('href'))"
            assert set(await behind.evaluate_all(read)) == set(points), (
                "keyboards get wherever the mouse does"
            )
        links = page.locator("#dashboard article a, #dashboard section a:not(.csv)")
        hrefs = await links.evaluate_all("all => all.map((each) => each.getAttribute('href'))")
        assert all(pages)
        for href in {*hrefs, *(href for each in pages for href in each)}:
            assert href is not None
            place = urlsplit(href)
            asked = parse_qs(place.query)
            assert place.path in ("/conversations", "/conversation", "/coaching"), href
            assert asked["client"] == [CLIENT]
            assert set(asked["window"]) <= {"7d", "24h", "30d"}, href

        sentence = page.locator(".alert .sentence").first
        await sentence.click()
        await expect(page.locator(".turn.aimed")).to_have_count(1)
        assert page.url.endswith("#turn-1")
        assert complaints == []


@pytest.mark.parametrize("chart", ["recovery_and_churn", "staying"])
async def test_keys_reach_every_point_of_a_chart(
    engine: Engine, browser_page: Browser, chart: str
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/?client={CLIENT}")
        place = page.locator(f"#panel-{chart} .js-plotly-plot")
        points = await place.evaluate(
            """each => each.data.flatMap(({ customdata = [], hovertext }, line) =>
                customdata.map((address, i) => ({ line, address, text: [hovertext].flat()[i] })))"""
        )
        texts = [
            html.unescape(re.sub("<.*?>", "", each["text"].replace("<br>", ", ")))
            for each in points
        ]
        below = next(i for i, each in enumerate(points) if each["line"] != points[0]["line"])
        said = page.locator(f"#panel-{chart} .announced")
        label = page.locator(f"#panel-{chart} .hoverlayer .hovertext")
        await page.locator(f"#panel-{chart} .csv").focus()
        await page.keyboard.press("Tab")
        await expect(place).to_be_focused()
        await expect(place).to_have_accessible_name(re.compile("Invio apre le conversazioni"))
        for key, reached in (
            *(("ArrowUp", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowRight", 2)),
            *(("Home", 0), ("ArrowDown", below), ("ArrowUp", 0), ("End", -1)),
            *(("ArrowRight", -1), ("ArrowDown", -1), ("ArrowLeft", -2)),
        ):
            await page.keyboard.press(key)
            await expect(said).to_have_text(texts[reached])
            await expect(label).to_have_count(1)
        await page.keyboard.press("Tab")
        await expect(label).to_have_count(0)
        await expect(said).to_have_text("")
        await page.keyboard.press("Shift+Tab")
        await expect(said).to_have_text(texts[-2])
        await page.keyboard.press("Enter")
        await expect(page.locator(".list h2")).to_be_visible()
        assert page.url == f"{url}{points[-2]['address']}"
        assert complaints == []


async def test_a_search_is_in_the_address_and_goes_on(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/conversations?client={CLIENT}&window=90d")
        await expect(page.locator(".list h2")).to_have_text("240 conversazioni")
        await page.locator(".next").click()
        await expect(page.locator(".call")).to_have_count(60)
        await expect(page.locator(".call .open").nth(30)).to_be_focused()
        read = "all => all.map((each) => each.getAttribute('datetime'))"
        times = await page.locator("time").evaluate_all(read)
        assert times == sorted(times, reverse=True)

        await page.get_by_label("Prima").select_option("least_rating")
        await page.locator("[data-key=intent]").select_option("churn_intent")
        await page.get_by_label("Parole").fill("CAMBIO gestore")
        await page.get_by_role("button", name="Cerca").click()
        await expect(page.locator(".list .quiet")).to_contain_text("20.000 conversazioni")
        await expect(page.locator(".list.stale")).to_have_count(0)
        found = await page.locator(".list").inner_text()
        assert re.match(r"\d+ conversazioni", found)
        assert {"order=least_rating", "intent=churn_intent", "text=CAMBIO+gestore"} <= set(
            urlsplit(page.url).query.split("&")
        )
        await page.reload()
        await expect(page.locator(".list h2")).to_be_visible()
        assert await page.locator(".list").inner_text() == found
        await page.get_by_label("Parole").fill("parola mai detta")
        await page.get_by_label("Parole").press("Enter")
        await expect(page.locator(".list h2")).to_have_text("0 conversazioni")
        await page.get_by_role("button", name="Togli i filtri").click()
        await expect(page.locator(".list h2")).to_have_text("240 conversazioni")
        assert complaints == []


async def test_coaching_shows_both_kinds_of_sentences(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/coaching?client={CLIENT}&agency=ferro-recuperi")
        await expect(page.locator("#coaching section")).to_have_count(1)
        await expect(page.locator(".side.harsh li").first).to_contain_text("minaccia")
        await expect(page.locator(".side.kind")).to_contain_text("Nessuna conversazione empatica")
        await page.locator(".side.harsh li a").first.click()
        await expect(page.locator(".turn mark").first).to_be_visible()
        await page.goto(f"{url}/conversation?client={CLIENT}&conversation=call-9999")
        await expect(page.locator("main .quiet")).to_contain_text("non c'è")
        assert [each for each in complaints if "404" not in each] == []


async def test_a_manager_sees_what_became_of_the_calls(
    engine: Engine, browser_page: Browser
) -> None:
    page, complaints = browser_page
    async with served(engine.run_query) as url:
        await page.goto(f"{url}/?client={CLIENT}")
        await page.get_by_role("link", name="Esito delle chiamate").click()
        await expect(page.locator("h1")).to_have_text("Esito delle chiamate")
        rows = page.locator("tbody tr")
        await expect(rows.first).to_contain_text("Valutate")
        await expect(page.locator(".of-low_confidence td").first).to_have_text("1")
        waiting = page.locator(".of-waiting td").first
        await expect(waiting).to_have_text("–")
        await expect(page.locator(".quiet")).to_contain_text("il sistema che le trasmette")
        await page.get_by_role("link", name="Agenzie a confronto").click()
        await expect(page.locator(".card h3")).to_have_count(4)
        assert complaints == []


@pytest.mark.skipif(
    not AXE.exists(),
    reason="NOT RUN: axe-core is not installed (npm install --no-save axe-core@4.10.3, "
    "or its axe.min.js in AXE_CORE)",
)
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_no_fault(engine: Engine, browser_page: Browser, theme: str) -> None:
    page, complaints = browser_page
    axe = AXE.read_text(encoding="utf-8")
    async with served(engine.run_query) as url:
        for path in ("/", "/conversations", "/conversation", "/coaching", "/calls"):
            asked = f"client={CLIENT}&theme={theme}&conversation=call-0001"
            await page.goto(f"{url}{path}?{asked}")
            await expect(page.locator("main section, main .call").first).to_be_visible()
            await expect(page.locator("main > .loading, .stale")).to_have_count(0)
            if path == "/":
                await page.locator("#all-figures > summary").click()
                await expect(page.locator("#panel-nps li")).to_have_count(4)
            await page.evaluate(axe)
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            faults = [(each["id"], each["nodes"][0]["target"]) for each in found["violations"]]
            assert faults == [], path
        assert complaints == []
