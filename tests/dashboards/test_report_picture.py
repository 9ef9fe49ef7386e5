"""The report's picture is that of before, as far as machines draw alike."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.async_api import async_playwright

from dashboards.report.page import page
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.report_rows import rows
from tests.dashboards.test_dashboards_report import (
    CHROMIUM,
    GOLDEN,
    month_data,
    needs_chromium,
    words,
)

SHEET = {"width": 794, "height": 1123}
"""A4 at 96 points an inch."""
ONE_FONT = "<style>*{font-family:'DejaVu Sans',sans-serif!important}</style></head>"
SHRUNK = 4
"""Small enough that the edges of letters, which machines draw differently, are grey."""
MEAN, STRONG, SHARE = 1.5, 40, 0.003
"""Most that greys (0-255) may differ in the mean; what differs by more than `STRONG` is of another
shape, and may be this share of all."""
_ROWS = rows()


def differences(one: Image.Image, other: Image.Image) -> list[str]:
    """In what two pictures differ more than two machines would draw one."""
    if one.width != other.width or abs(one.height - other.height) > 0.01 * other.height:
        return [f"size {one.size} instead of {other.size}"]
    height = min(one.height, other.height)
    box = (0, 0, one.width, height)
    apart = ImageChops.difference(one.crop(box), other.crop(box))
    mean = ImageStat.Stat(apart).mean[0]
    strong = sum(apart.histogram()[STRONG:]) / (one.width * height)
    found = [f"the mean grey differs by {mean:.1f}"] if mean > MEAN else []
    return [*found, *([f"{strong:.1%} is of another shape"] if strong > SHARE else [])]


async def picture(html: str) -> Image.Image:
    """The whole page on a sheet's width, in one font, shrunk and grey."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        seen = await browser.new_page(viewport=SHEET, color_scheme="light")
        await seen.set_content(html.replace("</head>", ONE_FONT))
        drawn = Image.open(io.BytesIO(await seen.screenshot(full_page=True)))
        await browser.close()
    size = drawn.width // SHRUNK, drawn.height // SHRUNK
    return drawn.convert("L").resize(size, Image.Resampling.BOX)


@needs_chromium
@pytest.mark.browser
async def test_the_report_looks_as_before(_engine: Engine) -> None:  # noqa: PT019
    """Drawn again by deleting the file and running the test twice."""
    _engine.fill(_ROWS)
    html = page(month_data(_engine), words())
    drawn = await picture(html)
    golden = GOLDEN / "it.png"
    if not golden.exists():
        drawn.save(golden, optimize=True)
        pytest.fail(f"{golden} was not there; it is written, look at it")
    with Image.open(golden) as before:
        assert differences(drawn, before) == []
    without_charts = html.replace("<svg", '<svg style="opacity:0"')
    assert differences(await picture(without_charts), drawn) != [], "missing charts are seen"


def test_a_picture_differs_by_size_shape_and_grey() -> None:
    white = Image.new("L", (100, 200), 255)
    assert differences(white, white.copy()) == []
    assert differences(white.resize((100, 220)), white) == ["size (100, 220) instead of (100, 200)"]
    spot = white.copy()
    spot.paste(0, (0, 0, 30, 10))
    assert len(differences(spot, white)) == 2
    assert differences(Image.new("L", (100, 200), 245), white) == ["the mean grey differs by 10.0"]
