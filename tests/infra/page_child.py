"""The page and `ascolto figures` on one store, in a process of its own.

Run as `python -m tests.infra.page_child DIRECTORY`; prints a JSON list: an
agency's card on the page, and the same by `ascolto figures`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from clickhouse_connect.driver.client import Client

from dashboards.panels import OVERVIEW, WINDOWS, Shape
from dashboards.preview import QueryResult, create_preview
from infra.cli.figures.show import as_object
from infra.clickhouse.client import open_embedded
from infra.clickhouse.queries.figures import read_figures
from schemas.figures import MetricWindow

BY_SEGMENT: Mapping[str, str | None] = {"all": None, "channel=phone": "channel"}
"""Which segments are looked at, and how the command is asked for them."""
PANELS = ("comparison", *(each.id for each in OVERVIEW if each.shape is Shape.FIGURE))


def by_agency(answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    rows = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
    return {row["agency"]: row for row in rows}


async def shown(client: Client, company: str) -> list[dict[str, Any]]:
    """What the page answers: of each window, now and earlier, of everything and of a segment."""

    async def run_query(sql: str, parameters: Mapping[str, Any]) -> QueryResult:
        found = client.query(sql, parameters=dict(parameters))
        return QueryResult(list(found.column_names), [tuple(row) for row in found.result_rows])

    found = []
    days = "SELECT DISTINCT toString(day) FROM agency_metrics ORDER BY day"
    middle = client.query(days).result_rows
    earlier = f"{middle[len(middle) * 2 // 3][0]}T23:59:59+00:00"
    async with TestClient(TestServer(create_preview(run_query))) as page:
        newest = (await (await page.get(f"/api/version?client={company}")).json())["newest"]
        for window, segment, to in product(WINDOWS, BY_SEGMENT, (newest, earlier)):
            asked = {"client": company, "window": window, "segment": segment, "to": to}
            answers = {}
            for name in PANELS if to == newest else PANELS[:1]:
                answer = await page.get(f"/api/panel/{name}", params=asked)
                answers[name] = by_agency(await answer.json())
            found.append({"asked": asked, "answers": answers})
    return found


def compared(client: Client, page: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Beside each card of the page what the command says, as of the moment that the card names."""

    @cache
    def figures(window: str, as_of: str, by: str | None, company: str) -> dict[Any, Any]:
        time = datetime.fromisoformat(as_of)
        found = read_figures(client, MetricWindow(window), time, by, company)
        return {(each.agency_id, each.segment): as_object(each, {}, {}) for each in found}

    for each in page:
        asked, panels = each["asked"], dict(each["answers"])
        cards = panels.pop("comparison")
        for agency, card in cards.items():
            by = BY_SEGMENT[asked["segment"]]
            own = figures(asked["window"], card["as_of"], by, asked["client"])
            yield {
                "asked": asked,
                "card": card,
                "panels": {name: rows[agency] for name, rows in panels.items()},
                "figures": own[agency, asked["segment"]],
            }


def main(directory: Path) -> None:
    client = open_embedded(directory)
    [[company]] = client.query("SELECT DISTINCT client_id FROM agency_metrics").result_rows
    page = asyncio.run(shown(client, company))
    print(json.dumps(list(compared(client, page))))
    client.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
