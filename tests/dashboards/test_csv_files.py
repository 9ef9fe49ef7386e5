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
        ["Agenzia", "Quando", "Valore", "n", "Motivo", "Vuole disdire", "Da (95%)"],
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
    assert_no_formula(cell)
    assert cell.replace("'", "") == in_one_line(said).replace("'", "")


@given(st.text(st.sampled_from("a1=+-@;,\t\r\n \"'\uff1d|"), max_size=12))
def test_no_part_of_a_text_is_a_formula_wherever_a_spreadsheet_splits_it(said: str) -> None:
    for language in ("it", "en"):
        [_, [cell, *_]] = made(["quotes", "n"], [[said, 1]], language)
        assert_no_formula(cell)
        assert cell.replace("'", "") == in_one_line(said).replace("'", "")


def test_lines_of_a_text_are_one_cell_in_one_line() -> None:
    [_, row] = made(["quotes"], [["Non ci siamo.\n=1+1\r\n\n Va bene; -2"]])
    assert row == ["Non ci siamo. | =1+1 |  Va bene;' -2"]


def in_one_line(text: str) -> str:
    return " | ".join(line for line in text.replace("\0", "").splitlines() if line.strip())


def assert_no_formula(cell: str) -> None:
    assert "\n" not in cell
    assert "\r" not in cell
    for separator in (";", ",", "\t"):
        for part in cell.split(separator):
            assert not part.lstrip(' "').startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")), cell


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
