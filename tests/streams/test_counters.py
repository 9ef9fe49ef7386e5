"""The counters of the status page are those of the catalogue, and the documentation lists them."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.engagements.facts import Fact
from streams.agents.link import _COUNTED_AS
from streams.runtime import counters
from streams.runtime.counters import COUNTERS, FACTS, LEFT_OUT, Counter
from streams.runtime.progress import Progress

DOCS = Path(__file__).parent.parent.parent / "docs" / "metrics.md"


def test_every_counter_is_in_the_catalogue_once() -> None:
    defined = {value for value in vars(counters).values() if isinstance(value, Counter)}
    assert defined == set(COUNTERS)
    assert len({counter.name for counter in COUNTERS}) == len(COUNTERS)


def test_every_counter_is_used() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parent.parent.parent / "streams").rglob("*.py")
        if path.name != "counters.py"
    )
    names = [name for name, value in vars(counters).items() if isinstance(value, Counter)]
    assert [name for name in names if f"count({name}" not in source] == []


def test_the_documentation_lists_them_with_unit_and_meaning() -> None:
    rows = [f"| `{each.name}` | {each.unit} | {each.meaning} |" for each in COUNTERS]
    listed = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]
    assert listed[: len(rows)] == rows


@pytest.mark.parametrize("fact", Fact.__args__)
def test_every_fact_is_counted_by_a_name_of_its_own(fact: type) -> None:
    assert _COUNTED_AS[fact] in FACTS.meaning


def test_a_counter_of_many_names_counts_each() -> None:
    progress = Progress()
    progress.count(LEFT_OUT.of(part="survey.rating"), 2)
    progress.count(FACTS.of(fact="payment", outcome="new"))
    assert progress.report()["counts"] == {"left_out:survey.rating": 2, "payment_new": 1}
