from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dashboards.boards.statements import filled
from dashboards.panels import OVERVIEW, Panel, panel
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from schemas.rows import AGENCY_METRICS, ALERTS, CALL_SURVEYS, CALLS, CONTACT_EXCESSES, TABLES
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, HOUR, NOW, OTHER_CLIENT, call, metric

WHOLE = ("clients", "agencies", "segments", "newest", "revision")
CONVERSATIONS = (
    "alert_sentences",
    "coaching",
    "conversation",
    "conversation_events",
    "conversation_others",
    "conversation_outcome",
    "conversation_scores",
    "conversation_turns",
    "conversations",
)
"""Tested in test_conversations.py."""
FOLLOWED = ("alert_history", "alert_marks")
"""Of boards, not panels of the overview: `tests/alerting` asks them."""


def read(engine: Engine, shown: Panel | str, **choices: Any) -> list[dict[str, Any]]:
    asked = Choices(**{"client": CLIENT, "to": NOW, **choices})
    sql = filled(query(shown), {}, "Europe/Rome") if isinstance(shown, str) else shown.sql
    return engine.read(*expand(sql, asked))


def test_every_query_file_is_used() -> None:
    used = {each.query for each in OVERVIEW} | {*WHOLE, *CONVERSATIONS, *FOLLOWED}
    there = {path.name for path in files("dashboards.queries").iterdir()}
    assert {f"{name}.sql" for name in used} == {name for name in there if name.endswith(".sql")}


def test_what_is_filtered_before_versions_are_merged_is_equal_in_all_of_them() -> None:
    tables = {table.name: table for table in TABLES}
    found = 0
    for path in Path(str(files("dashboards.queries"))).rglob("*.sql"):
        sql = path.read_text(encoding="utf-8")
        filtered = re.findall(
            r"FROM (\w+) FINAL\s+PREWHERE (.*?)\n\s*(?:WHERE|GROUP|ORDER|\))", sql, re.DOTALL
        )
        assert len(filtered) == sql.count("PREWHERE"), path.name
        found += len(filtered)
        for name, conditions in filtered:
            assert "{{" not in conditions, path.name
            columns = set(re.findall(r"\w+", conditions)) & set(tables[name].columns)
            assert columns <= set(tables[name].sorted_by), path.name
    assert found


@pytest.mark.parametrize(
    "shown", [*OVERVIEW, *WHOLE, *FOLLOWED], ids=lambda each: getattr(each, "id", each)
)
def test_empty_tables_give_no_rows(empty: Engine, shown: Panel | str) -> None:
    rows = read(empty, shown)
    if shown == "newest":
        assert [row["newest"] for row in rows] == [None]
    elif shown == "revision":
        assert len(rows) == 1
    else:
        assert rows == []


@pytest.mark.parametrize("shown", OVERVIEW, ids=lambda each: each.id)
def test_no_panel_shows_another_client_company(engine: Engine, shown: Panel) -> None:
    own = read(engine, shown)
    assert own
    assert {row["agency"] for row in own} <= set(AGENCIES)
    foreign = read(engine, shown, client=OTHER_CLIENT)
    assert {row["agency"] for row in foreign} <= {"alba-crediti", "segreta"}
    assert "-77" not in str(own)
    assert read(engine, shown, client="unknown") == []


@pytest.mark.parametrize("shown", OVERVIEW, ids=lambda each: each.id)
def test_every_panel_names_its_client_and_reads_final_rows(shown: Panel) -> None:
    assert "client_id = ${client:singlequote}" in shown.sql
    assert " FINAL" in shown.sql


@pytest.mark.parametrize("shown", OVERVIEW, ids=lambda each: each.id)
def test_chosen_agencies_only(engine: Engine, shown: Panel) -> None:
    if shown.id == "alerts":
        assert read(engine, shown, agencies=("alba-crediti",)) == []
    rows = read(engine, shown, agencies=("ferro-recuperi",))
    assert {row["agency"] for row in rows} == {"ferro-recuperi"}


def test_figures_are_the_newest_row_of_each_agency(engine: Engine) -> None:
    rows = read(engine, panel("nps"))
    assert [(row["agency"], row["value"], row["n"]) for row in rows] == [
        (agency, of.nps, of.ratings) for agency, of in sorted(AGENCIES.items())
    ]
    first = rows[0]
    assert first["low"] < first["value"] < first["high"]
    assert first["as_of"].replace(tzinfo=UTC) == HOUR


@pytest.mark.parametrize("figure", ["aggression", "empathy", "sentiment"])
def test_means_come_with_their_n(engine: Engine, figure: str) -> None:
    row = read(engine, panel(figure), agencies=("nexum-servizi",))[0]
    assert row["value"] == getattr(AGENCIES["nexum-servizi"], figure)
    assert row["n"] == 730


def test_undefined_figures_stay_null(engine: Engine) -> None:
    row = read(engine, panel("churn_correlation"), agencies=("sole&figli<srl>",))[0]
    assert (row["value"], row["low"], row["high"]) == (None, None, None)


def test_a_past_time_gives_the_row_before_it(engine: Engine) -> None:
    engine.add(
        AGENCY_METRICS.name,
        [
            metric("alba-crediti", datetime(2024, 6, 1, 23, tzinfo=UTC), nps=1.0),
            metric("alba-crediti", datetime(2024, 6, 2, 23, tzinfo=UTC), nps=2.0),
        ],
    )
    midday = datetime(2024, 6, 2, 12, tzinfo=UTC)
    assert [row["value"] for row in read(engine, panel("nps"), to=midday)] == [1.0]
    night = datetime(2024, 6, 2, 23, 30, tzinfo=UTC)
    assert [row["value"] for row in read(engine, panel("nps"), to=night)] == [2.0]
    assert read(engine, panel("nps"), to=datetime(2024, 5, 1, tzinfo=UTC)) == []


def test_a_row_written_again_replaces_itself(engine: Engine) -> None:
    engine.add(AGENCY_METRICS.name, [metric("alba-crediti", HOUR, nps=50.0, version=2)])
    rows = read(engine, panel("nps"), agencies=("alba-crediti",))
    assert [row["value"] for row in rows] == [50.0]


def test_segments_are_apart(engine: Engine) -> None:
    phone = read(engine, panel("nps"), segment="channel=phone", agencies=("alba-crediti",))
    assert [row["value"] for row in phone] == [31.0]
    names = [row["segment"] for row in read(engine, "segments")]
    assert names == ["all", "channel=phone", "customer_type=household"]
    calls = read(engine, panel("drivers"), segment="channel=whatsapp")
    everything = read(engine, panel("drivers"))
    assert 0 < sum(row["calls"] for row in calls) < sum(row["calls"] for row in everything)


def test_a_call_above_the_permitted_number_is_shown_as_such(empty: Engine) -> None:
    rng = random.Random(1)
    names = ("client_id", "agency_id", "event_id", "ended_at")
    calls = [
        call(rng, number, "alba-crediti", NOW - number * timedelta(hours=1)) for number in (1, 2)
    ]
    above = {name: calls[0][name] for name in names} | {"limit": "day", "version": 1}
    empty.add(CALLS.name, calls)
    empty.add(CONTACT_EXCESSES.name, [above])
    shown = [row["conduct"].split(", ") for row in read(empty, panel("latest_calls"))]
    assert ["frequency" in rules for rules in shown] == [True, False]
    empty.add(CONTACT_EXCESSES.name, [above | {"version": 2, "is_deleted": 1}])
    assert not any("frequency" in row["conduct"] for row in read(empty, panel("latest_calls")))


def test_nps_over_time_has_a_point_a_day_in_the_shown_time(engine: Engine) -> None:
    rows = read(engine, panel("nps_over_time"), window="7d", agencies=("ferro-recuperi",))
    times = [row["time"].replace(tzinfo=UTC) for row in rows]
    days = [NOW.date() - timedelta(days=back) for back in range(30, -1, -1)]
    assert [time.date() for time in times] == days
    small = read(engine, panel("nps_over_time"), agencies=("sole&figli<srl>",))
    assert {row["sample"] for row in small} == {"n < 30"}


def test_aggression_over_time_is_the_mean_of_the_hours(empty: Engine) -> None:
    hour = {
        "client_id": CLIENT,
        "agency_id": "a",
        "segment": "all",
        "hour": HOUR,
        "aggression_n": 10,
        "aggression_sum": 20_000,
        "version": 1,
    }
    earlier = hour | {
        "hour": HOUR - timedelta(hours=2),
        "aggression_n": 30,
        "aggression_sum": 210_000,
    }
    empty.add("agency_hours", [hour, earlier, hour | {"segment": "channel=phone"}])
    rows = read(empty, panel("aggression_over_time"))
    assert [(row["value"], row["sample"]) for row in rows] == [(0.575, "")]


def test_drivers_count_calls_of_the_window_once(empty: Engine) -> None:
    given = _calls(4)
    given[0]["drivers"] = ["threat", "threat", "price"]
    given[1]["drivers"] = ["threat"]
    given[2]["drivers"] = []
    given[3] |= {"drivers": ["threat"], "ended_at": NOW - timedelta(days=8)}
    empty.add(CALLS.name, given)
    week = read(empty, panel("drivers"), window="7d")
    found = [(row["driver"], row["calls"], row["n"]) for row in week]
    assert found == [("threat", 2, 3), ("price", 1, 3)], "n: conversations without a reason, too"
    month = read(empty, panel("drivers"), window="30d")
    found = [(row["driver"], row["calls"], row["n"]) for row in month]
    assert found == [("threat", 3, 4), ("price", 1, 4)]


def test_alerts_open_at_the_time_asked(engine: Engine) -> None:
    now = read(engine, panel("alerts"))
    assert [(row["agency"], row["kind"], row["n"]) for row in now] == [
        ("sole&figli<srl>", "silence", 3),
        ("nexum-servizi", "nps_fall", 71),
        ("ferro-recuperi", "aggression_rise", 214),
    ]
    assert [row["quotes"].count("\n") for row in now] == [0, 0, 2]
    then = read(engine, panel("alerts"), to=NOW - timedelta(days=35))
    assert [row["agency"] for row in then] == ["nexum-servizi"]
    assert read(engine, panel("alerts"), to=NOW - timedelta(days=60)) == []


def test_alert_quotes_with_line_breaks_stay_one_line(empty: Engine) -> None:
    alert = {
        "alert_id": "x",
        "client_id": CLIENT,
        "agency_id": "a",
        "status": "open",
        "opened_at": HOUR,
        "quotes": [("c", 0, "paghi\nsubito", 0.9)],
    }
    empty.add(ALERTS.name, [alert])
    assert read(empty, panel("alerts"))[0]["quotes"] == "paghi subito"


def test_latest_calls_quote_their_sentences_with_the_words_marked(empty: Engine) -> None:
    given = _calls(2)
    sentence = "Le ripeto: o paga o stacchiamo."
    given[0] |= {
        "turns": f'[{{"speaker": "operator", "text": "{sentence}"}}]',
        "quotes": [
            ("aggression.threat", 0, "stacchiamo", 0.9),
            ("sentiment.anger", 7, "basta", 0.3),
            ("conduct.threat", 0, "o paga o stacchiamo", 1.0),
        ],
        "conduct": ["false_threat", "hours", "threat"],
        "survey_rating": 2,
        "spoken_rating": 8,
    }
    given[1] |= {"survey_rating": None, "spoken_rating": None, "predicted_rating": 4}
    given[1] |= {"turns": "not json", "ended_at": NOW - timedelta(minutes=1)}
    empty.add(CALLS.name, given)
    newest, older = read(empty, panel("latest_calls"))
    assert newest["harsh_words"] == "Le ripeto: o paga o «stacchiamo»."
    assert newest["customer_words"] == "«basta»"
    assert newest["conduct_words"] == "Le ripeto: «o paga o stacchiamo»."
    assert newest["conduct"] == "hours, threat", "no breach without its words"
    assert (newest["rating"], newest["rating_source"]) == (2, "survey")
    assert (older["rating"], older["rating_source"]) == (4, "predicted")
    assert older["harsh_words"] + older["kind_words"]


def test_a_survey_answered_later_is_its_call_s_rating_from_then_on(empty: Engine) -> None:
    given = _calls(3)
    given[0] |= {"survey_rating": None, "spoken_rating": 8, "predicted_rating": None}
    given[1] |= {"survey_rating": None, "spoken_rating": None, "predicted_rating": 4}
    given[2] |= {"survey_rating": 9, "spoken_rating": None, "predicted_rating": None}
    for number, row in enumerate(given):
        row["ended_at"] = NOW - timedelta(days=1, minutes=number)
    answer = {"client_id": given[0]["client_id"], "agency_id": "alba-crediti", "version": 1}
    answers = [
        {**answer, "event_id": row["event_id"], "rating": rating, "known_at": NOW}
        for row, rating in zip(given, (0, 3), strict=False)
    ]
    other = {**answers[0], "client_id": "another", "event_id": given[2]["event_id"]}
    empty.add(CALLS.name, given)
    empty.add(CALL_SURVEYS.name, [*answers, other])

    def ratings(to: datetime) -> list[tuple[int, str]]:
        rows = read(empty, panel("latest_calls"), to=to)
        return [(row["rating"], row["rating_source"]) for row in rows]

    assert ratings(NOW) == [(0, "survey"), (3, "survey"), (9, "survey")]
    before = NOW - timedelta(hours=1)
    assert ratings(before) == [(8, "spoken"), (4, "predicted"), (9, "survey")]


def test_latest_calls_are_the_twenty_newest_at_the_time_asked(engine: Engine) -> None:
    rows = read(engine, panel("latest_calls"), to=NOW - timedelta(hours=1))
    times = [row["time"].replace(tzinfo=UTC) for row in rows]
    assert len(times) == 20
    assert times == sorted(times, reverse=True)
    assert NOW - timedelta(hours=1, minutes=8) < times[0] <= NOW - timedelta(hours=1)


def test_a_call_that_ended_within_the_second_asked_is_shown(empty: Engine) -> None:
    given = _calls(1)
    given[0]["ended_at"] = NOW.replace(microsecond=900_000)
    empty.add(CALLS.name, given)
    newest = read(empty, "newest")[0]["newest"].replace(tzinfo=UTC)
    assert len(read(empty, panel("latest_calls"), to=newest)) == 1


def test_a_query_for_figures_needs_one() -> None:
    with pytest.raises(ValueError, match="interval"):
        query("interval")
    with pytest.raises(ValueError, match="alerts"):
        query("alerts", "nps")
    with pytest.raises(ValueError, match="no column"):
        query("interval", "nps; DROP TABLE calls")


def _calls(count: int) -> list[dict[str, Any]]:
    import random

    return [call(random.Random(number), number, "alba-crediti", NOW) for number in range(count)]
