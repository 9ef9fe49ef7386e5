from __future__ import annotations

import csv
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from dashboards.panels import OVERVIEW
from dashboards.preview.csv_files import csv_of
from dashboards.texts import texts
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT

Page = TestClient[Any, Any]
ROME = ZoneInfo("Europe/Rome")


def made(columns: list[str], rows: list[list[Any]], language: str = "it") -> list[list[str]]:
    content = csv_of(
        {"columns": columns, "rows": rows},
        texts(language),
        decimal_comma=language == "it",
        zone=ROME,
        name_of=str.upper,
    )
    assert content.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 by its byte order mark"
    delimiter = ";" if language == "it" else ","
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.reader(text, delimiter=delimiter))


def test_an_italian_spreadsheet_reads_numbers_and_times() -> None:
    columns = ["agency", "time", "value", "n", "driver", "churn_intent", "low"]
    row = ["alba", "2026-06-30T22:30:00+00:00", -0.5, 12, "threat", True, None]
    assert made(columns, [row]) == [
        ["Agenzia", "Quando", "Valore", "n", "Motivo", "Vuole disdire", "Da (95 %)"],
        ["ALBA", "2026-07-01 00:30", "-0,5", "12", "Minacce", "sì", ""],
    ]
    assert made(columns, [row], "en")[1][2:4] == ["-0.5", "12"]


@given(
    lead=st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\uff1d", " =", "  @"]),
    rest=st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
)
def test_no_text_is_a_formula(lead: str, rest: str) -> None:
    said = f"{lead}{rest}"
    [_, [cell]] = made(["quotes"], [[said]])
    assert cell == f"'{said}".replace("\0", "")


@pytest.mark.parametrize("panel_id", [each.id for each in OVERVIEW])
async def test_every_panel_is_a_file(page: Page, panel_id: str) -> None:
    response = await page.get(f"/api/panel/{panel_id}.csv?client={CLIENT}&window=30d")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = f'filename="ascolto-{panel_id}-30d-2025-03-20.csv"'
    assert response.headers["Content-Disposition"] == f"attachment; {name}"
    shown = await (await page.get(f"/api/panel/{panel_id}?client={CLIENT}&window=30d")).json()
    text = io.StringIO((await response.read()).decode("utf-8-sig"), newline="")
    rows = list(csv.reader(text, delimiter=";"))
    assert len(rows) == len(shown["rows"]) + 1
    at = shown["columns"].index("agency")
    assert {row[at] for row in rows[1:]} <= set(AGENCIES)


async def test_a_file_of_no_panel_is_not_found(page: Page) -> None:
    assert (await page.get(f"/api/panel/other.csv?client={CLIENT}")).status == 404
