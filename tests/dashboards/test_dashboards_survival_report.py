"""The survival report: its content, that it needs no network, and that names remain text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dashboards.survival_report import page, write_report

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "sole&figli</script><img src=x onerror=alert(1)>"


def shown(p: float | None = 0.0004) -> dict[str, Any]:
    def curve(fall: float) -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = []
        for day in range(31):
            share = 1 - fall * day / 30
            low, high = (share - 0.02, share + 0.015) if day else (None, None)
            points.append(
                {"day": day, "staying": share, "low": low, "high": high, "at_risk": 900 - day}
            )
        return points

    def group(kind: str, name: str, fall: float) -> dict[str, Any]:
        named = {"client_id": "luce-chiara", "group_kind": kind, "group": name}
        return {**named, "n": 900, "events": round(900 * fall), "curve": curve(fall)}

    test = {"client_id": "luce-chiara", "statistic": None if p is None else 12.34, "p": p, "n": 900}
    kinds = ("agency", "aggression_tercile")
    return {
        "window": "90d",
        "as_of": "2026-06-30T23:00:00Z",
        "horizon_days": 30,
        "groups": [
            group("agency", HOSTILE, 0.25),
            group("agency", "gentile", 0.08),
            group("aggression_tercile", "high", 0.3),
            group("aggression_tercile", "low", 0.05),
        ],
        "logrank": [{**test, "group_kind": kind} for kind in kinds],
    }


def text(html: str) -> str:
    """What a reader sees, roughly: no scripts, no tags."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL))


def test_the_page_shows_who_stays_in_italian_and_in_english() -> None:
    italian, english = text(page(shown(), "it")), text(page(shown(), "en"))
    assert "Quanto restano i clienti" in italian
    assert "75,0%" in italian
    assert "χ² 12,3, p &lt; 0,001" in italian
    assert "Le curve sono diverse" in italian
    assert "75.0%" in english
    assert "The curves differ by more than chance" in english
    assert italian.index("il terzo meno aggressivo") < italian.index("il terzo più aggressivo")


def test_the_page_claims_no_difference_that_the_test_does_not_show() -> None:
    assert "Non si può dire" in text(page(shown(p=0.21), "it"))
    assert "Troppo pochi dati" in text(page(shown(p=None), "it"))


def test_nothing_comes_from_elsewhere_and_names_stay_text() -> None:
    html = page(shown(), "it")
    own = re.sub(r"<script>/\*\*.*?</script>", "", html, flags=re.DOTALL)
    assert len(own) < len(html) / 10
    assert not re.search(r'(src|href)="|@import|url\(', own)
    assert "<img" not in own
    assert own.count("</script>") == 1


def test_a_report_without_engagements_says_so() -> None:
    nothing = {"as_of": None, "groups": [], "logrank": []}
    assert "Nessun cliente contattato" in text(page(nothing, "it"))


@pytest.mark.browser
@pytest.mark.skipif(
    not CHROMIUM.exists(),
    reason="NOT RUN: Chromium is not installed (Debian: apt-get install chromium)",
)
async def test_the_picture_draws_itself_from_the_file_alone(tmp_path: Path) -> None:
    from playwright.async_api import async_playwright, expect

    write_report(tmp_path / "report.html", shown(), "it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        seen = await browser.new_page()
        complaints: list[str] = []
        requests: list[str] = []
        seen.on("console", lambda message: complaints.append(message.text))
        seen.on("pageerror", lambda error: complaints.append(str(error)))
        seen.on("request", lambda request: requests.append(request.url))
        await seen.goto((tmp_path / "report.html").as_uri())
        await expect(seen.locator(".js-plotly-plot")).to_have_count(2)
        await expect(seen.locator(".legendtext").first).to_have_text(HOSTILE)
        assert await seen.locator("img").count() == 0
        assert complaints == []
        assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []
        await browser.close()
