"""The page's figures are those of `ascolto figures`, on a store that the stack itself filled."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import completed

INTERVALS = ("nps", "churn_rate", "recovery_rate", "churn_correlation", "payment_correlation")
MEANS = ("aggression", "empathy", "sentiment")


@pytest.fixture(scope="module")
def said(once_played: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What both say of each agency, window, segment and moment."""
    directory = tmp_path_factory.mktemp("page") / "data"
    shutil.copytree(once_played / "data", directory, symlinks=True)
    command = [sys.executable, "-m", "tests.infra.page_child", str(directory)]
    found: list[dict[str, Any]] = json.loads(completed(command, check=True).stdout)
    return found


def of_cards(card: dict[str, Any], figures: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each figure of an agency's card, and the same of the command."""
    yield "calls", card["calls"], figures["calls"]
    for name in INTERVALS:
        for part, end in (("value", ""), ("low", "_low"), ("high", "_high"), ("n", "_n")):
            yield f"{name}{end}", card[f"{name}{end}"], figures[name][part]
    for name in MEANS:
        for part, end in (("value", ""), ("n", "_n"), ("n_inferred", "_n_inferred")):
            yield f"{name}{end}", card[f"{name}{end}"], figures[name][part]
    yield "nps_predicted", card["nps_predicted"], figures["nps_predicted"]["value"]
    yield "nps_predicted_n", card["nps_predicted_n"], figures["nps_predicted"]["n"]
    amount = figures["amount_recovered"] if figures["recovery_rate"]["n"] else None
    yield "amount_recovered", card["amount_recovered"], amount


def of_panels(panels: dict[str, Any], figures: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each figure of the panels by themselves, and the same of the command."""
    for name, row in panels.items():
        if name == "amount_recovered":
            amount = figures[name] if figures["recovery_rate"]["n"] else None
            yield name, row["value"], amount
            yield f"{name}_n", row["n"], figures["recovery_rate"]["n"]
            continue
        for part in figures[name].keys() & row.keys():
            yield f"{name} {part}", row[part], figures[name][part]


def test_every_figure_of_the_page_is_that_of_the_command(said: list[dict[str, Any]]) -> None:
    asked = {(each["asked"]["window"], each["asked"]["segment"]) for each in said}
    assert {window for window, _ in asked} == {"24h", "7d", "30d", "90d"}
    assert {segment for _, segment in asked} == {"all", "channel=phone"}
    assert len({each["card"]["as_of"] for each in said}) > 1
    assert any(each["card"]["churn_correlation"] is not None for each in said)
    for each in said:
        figures = each["figures"]
        compared = [*of_cards(each["card"], figures), *of_panels(each["panels"], figures)]
        for name, page, command in compared:
            expected = command if command is None else pytest.approx(command, rel=1e-12)
            assert page == expected, (name, each["asked"])
