from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.panels import OVERVIEW
from dashboards.preview.macros import Choices, InvalidChoiceError, expand

TO = datetime(2025, 3, 20, 12, 30, tzinfo=UTC)

labels = st.from_regex(r"[^\s|]{1,128}", fullmatch=True)


@given(client=labels, segment=labels, agencies=st.lists(labels, max_size=3).map(tuple))
def test_what_a_reader_chose_never_enters_the_sql(
    client: str, segment: str, agencies: tuple[str, ...]
) -> None:
    plain = expand(OVERVIEW[0].sql, Choices("c", TO, agencies=("a",) if agencies else ()))[0]
    sql, bound = expand(OVERVIEW[0].sql, Choices(client, TO, segment=segment, agencies=agencies))
    assert sql == plain
    assert bound["client"] == client


def test_times_become_whole_numbers() -> None:
    sql, bound = expand("$__timeFilter(hour) AND x < $__toTime", Choices("c", TO, window="24h"))
    assert sql == (
        "(hour >= toDateTime(1741869000, 'UTC') AND hour <= toDateTime(1742473800, 'UTC'))"
        " AND x < toDateTime(1742473800, 'UTC')"
    )
    assert bound == {}


def test_all_agencies_are_no_condition() -> None:
    sql = "$__conditionalAll(a IN (${agency:singlequote}), $agency)"
    assert expand(sql, Choices("c", TO)) == ("1=1", {})
    chosen = expand(sql, Choices("c", TO, agencies=("x", "y'")))
    assert chosen == ("a IN ({agency:Array(String)})", {"agency": ["x", "y'"]})


@pytest.mark.parametrize("sql", ["$__interval_s", "${other:singlequote}", "$client", "${client}"])
def test_unknown_macros_are_refused(sql: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        expand(sql, Choices("c", TO))


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": "1h"},
        {"client": ""},
        {"client": "a b"},
        {"client": "x" * 129},
        {"segment": "a|b"},
        {"agencies": ("ok", "")},
        {"to": datetime(1999, 1, 1, tzinfo=UTC)},
        {"to": TO.replace(tzinfo=None)},
    ],
)
def test_impossible_choices_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidChoiceError):
        Choices(**{"client": "c", "to": TO, **wrong})
