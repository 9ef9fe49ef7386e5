"""Alerts reach their targets: each message once, also after a crash, and nobody else's."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.waiting import completed

SECRETS = ("secret-path", "anna@", "ufficiale", "Alfa Recuperi", "127.0.0.1")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """What every scene saw, and what was logged meanwhile."""
    folder = tmp_path_factory.mktemp("notifying")
    done = completed([sys.executable, "-m", "tests.alerting.notifying_child", folder])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def seen(played: tuple[dict[str, Any], str]) -> dict[str, Any]:
    return played[0]


def test_every_change_of_an_alert_is_one_message_whatever_restarts(seen: dict[str, Any]) -> None:
    course = seen["course_of_an_alert"]
    assert course["counts"] == [1, 2, 3, 4]
    assert course["titles"] == [
        "Alfa Recuperi: aggressività in salita",
        "Alfa Recuperi: aggressività tornata ai livelli abituali",
        "Alfa Recuperi: aggressività in salita (di nuovo)",
        "Alfa Recuperi: allarme annullato (aggressività in salita)",
    ]


def test_a_web_service_gets_the_alert_as_fields_too(seen: dict[str, Any]) -> None:
    first = seen["course_of_an_alert"]["first"]
    asked = ("client_id", "agency_id", "kind", "status", "n", "rise_points", "link")
    assert {name: first[name] for name in asked} == {
        "client_id": "lumina",
        "agency_id": "alfa",
        "kind": "aggression_rise",
        "status": "open",
        "n": 164,
        "rise_points": 19.6,
        "link": "https://ascolto.example/?client=lumina&agency=alfa&alert=3f2a9c1b77",
    }
    assert len(first["message_id"]) == 32


def test_wherever_the_process_dies_each_message_arrives_and_a_second_one_is_known_by_its_id(
    seen: dict[str, Any],
) -> None:
    """Of 16 deaths only those between acceptance and note repeat a message, with its id."""
    everything = [["0", "open"], ["0", "resolved"], ["1", "open"], ["1", "resolved"]]
    assert [each["reported"] for each in seen["deaths"]] == [everything] * 16
    assert [each["once"] for each in seen["deaths"]] == [4] * 16
    doubled = [each["ids"] - 4 for each in seen["deaths"]]
    assert doubled == [0, 1, 1, 0] * 4


def test_what_is_retracted_before_it_was_sent_is_never_sent(seen: dict[str, Any]) -> None:
    assert seen["retracted_before_sent"] == []
    assert seen["flickering"] == []


def test_an_alert_that_late_events_move_is_opened_once_and_closed_once(
    seen: dict[str, Any],
) -> None:
    assert seen["moving"]["before"] == 1
    assert seen["moving"]["all"] == [
        ["first", "open", "first"],
        ["moved-2", "resolved", "first"],
    ]


def test_a_notifier_that_is_stopped_notes_what_is_on_its_way(seen: dict[str, Any]) -> None:
    assert seen["stopping"] == {"first": 1, "all": ["a", "b"]}


def test_a_target_that_is_away_delays_no_other_and_is_tried_ever_less_often(
    seen: dict[str, Any],
) -> None:
    away = seen["away"]
    assert away["near"] == 1
    assert away["tries"] == 6, "in 20 minutes: at 0, 30 s, 1.5, 3.5, 7.5, 15.5 min"
    assert away["far"] == ["open", "resolved"]


def test_a_message_that_a_target_refuses_delays_no_other_and_is_tried_ever_less_often(
    seen: dict[str, Any], played: tuple[dict[str, Any], str]
) -> None:
    refused = seen["refused"]
    assert refused["before"] == ["second", "third"]
    assert refused["tries"] == 6, "in 20 minutes: at 0, 30 s, 1.5, 3.5, 7.5, 15.5 min"
    assert refused["after"] == ["first", "second", "third"]
    lines = [line for line in played[1].splitlines() if "of refuses did not accept" in line]
    assert (
        "chat of refuses did not accept a message (NotAccepted): silence, alert poison-1;"
        in (lines[0])
    )
    assert len(lines) == 6


def test_a_url_that_is_not_there_puts_all_messages_off_with_one_line(
    seen: dict[str, Any], played: tuple[dict[str, Any], str]
) -> None:
    assert seen["without_url"] == ["no-url-0", "no-url-1"]
    (line,) = [line for line in played[1].splitlines() if "chat of no-url did not accept" in line]
    assert "(NoUrl): aggression_rise, alert no-url-0, and 1 more; trying again in 30 s" in line


def test_a_message_that_cannot_be_written_delays_no_other(seen: dict[str, Any]) -> None:
    assert seen["unwritable"] == ["second"]


def test_no_client_company_s_targets_get_another_s_alerts(seen: dict[str, Any]) -> None:
    one, two = seen["tenants"]
    assert one == [["one", "a", "open"]]
    assert two == [["two", "b", "open"], ["two", "b", "resolved"]]


def test_what_opened_long_before_the_first_start_is_not_sent_what_opened_since_always_is(
    seen: dict[str, Any],
) -> None:
    assert seen["history"] == ["yesterday", "later"]


def test_quiet_hours_put_messages_off_and_what_is_over_then_is_one_message(
    seen: dict[str, Any],
) -> None:
    assert seen["quiet"]["before"] == []
    (silence, _), (rise, text) = seen["quiet"]["after"]
    assert silence == "alfa: nessuna conversazione"
    assert rise == "alfa: aggressività tornata ai livelli abituali"
    assert "prima che questo messaggio potesse partire" in text


def test_tables_made_again_repeat_nothing_and_take_back_what_is_no_alert_any_more(
    seen: dict[str, Any],
) -> None:
    assert seen["made_again"]["empty"] == 2
    assert seen["made_again"]["all"] == [
        ["gone", "open"],
        ["standing", "open"],
        ["gone", "retracted"],
    ]


def test_mail_is_plain_text_whose_messages_about_one_alert_are_one_thread(
    seen: dict[str, Any],
) -> None:
    opened, resolved = seen["mails"]
    assert opened["to"] == ["anna@cliente.example"]
    assert opened["subject"] == "Alfa Recuperi: aggressività in salita"
    assert "«Se non paga entro domani le mandiamo l'ufficiale giudiziario.»" in opened["text"]
    assert opened["thread"] == resolved["thread"] == "<mailed00@ascolto.invalid>"
    assert len({opened["id"], resolved["id"]}) == 2


def test_the_log_names_targets_and_neither_secrets_nor_what_is_in_messages(
    played: tuple[dict[str, Any], str],
) -> None:
    ours = [line for line in played[1].splitlines() if "notifications:" in line]
    assert any("target far of away did not accept a message" in line for line in ours)
    (outage,) = [line for line in ours if "chat of outage did not accept" in line]
    assert "aggression_rise, alert outage-0, and 2 more; trying again in 30 s" in outage
    assert not [line for line in ours if any(secret in line for secret in SECRETS)]
    assert not [line for line in played[1].splitlines() if line.startswith("apprise")]


def test_actions_are_taken_from_this_page_alone(seen: dict[str, Any]) -> None:
    followed = seen["followed_up"]
    assert followed["refused"] == [403, 403, 403, 403, 415, 415]
    assert followed["wrong"] == [400] * 8
    assert followed["nothing"] == []


def test_an_alert_s_owner_and_notes_are_with_it_in_order(seen: dict[str, Any]) -> None:
    followed = seen["followed_up"]
    assert followed["done"] == [201] * 3
    (found,) = followed["open"]
    assert (found["acknowledged_by"], found["owner"]) == ("Anna", "Ugo")
    assert [each["action"] for each in found["actions"]] == ["acknowledged", "owner", "note"]
    assert found["actions"][2]["text"] == "parlato con l'agenzia il 3/6 ☎"
    assert {"aaaa1111", "aaaa2222"} <= set(followed["all"])


@pytest.mark.parametrize("stack", ["running", "stopped"])
def test_commands_follow_alerts_up_whether_a_stack_has_the_store_or_none(
    stack: str, seen: dict[str, Any]
) -> None:
    acked, unknown, several, foreign, hostile, shown, listed, none = seen["commands"][stack]
    assert acked == [0, "", "noted for alert cccc1111\n"]
    assert (unknown[0], "there is no alert cccc11111" in unknown[2]) == (1, True)
    assert (several[0], "several alerts begin with cccc11" in several[2]) == (1, True)
    assert (foreign[0], "there is no alert cccc1111" in foreign[2]) == (1, True)
    assert (hostile[0], "invisible characters" in hostile[2]) == (2, True)
    assert shown[1].startswith(
        "cccc1111  2026-06-03T14:00Z  reported / alfa: aggression rise from 0.12 to 0.31"
    )
    assert f"owner: Anna {stack}" in shown[1]
    found = json.loads(listed[1])["alerts"]
    assert [each["alert_id"] for each in found] == ["cccc1111", "cccc1122"]
    assert found[0]["owner"] == f"Anna {stack}"
    assert none == [0, "", "no alert is open; --all shows those before, too\n"]


def test_grafana_s_rules_see_a_client_company_s_open_alerts_one_number_each(
    seen: dict[str, Any],
) -> None:
    """Grafana takes a table for instances if one column is a number and the others are texts."""
    found = seen["rules"]["open"]
    assert [row["alert_id"] for row in found["aggression_rise"]["OPEN"]] == ["open"]
    assert [row["alert_id"] for row in found["silence"]["OPEN"]] == ["quiet"]
    assert found["nps_fall"]["OPEN"] == []
    values = {name: rows[0]["value"] for name, rows in found["aggression_rise"].items()}
    assert values.pop("SINCE") == 202606031400, "of Rome"
    assert {name: round(value, 3) for name, value in values.items()} == {
        **{"OPEN": 1, "LEVEL": 0.31, "USUAL": 0.12},
        **{"CHANGE": 0.19, "COUNT": 164},
    }
    for rows in found["aggression_rise"].values():
        labels = {name: value for name, value in rows[0].items() if name != "value"}
        assert set(labels) == {"client_id", "agency_id", "agency", "alert_id"}
        assert all(isinstance(value, str) for value in labels.values())


def test_data_stand_still_by_working_hours_of_rome(seen: dict[str, Any]) -> None:
    rome = ZoneInfo("Europe/Rome")
    now = datetime.fromtimestamp(seen["rules"]["now"], UTC)
    for back, rows in seen["rules"]["hours"].items():
        last = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=int(back))
        hours = [last + timedelta(hours=n) for n in range(1, min(int(back), 336) + 1)]
        there = [hour.astimezone(rome) for hour in hours]
        expected = sum(each.weekday() < 5 and 9 <= each.hour < 20 for each in there)
        assert [row[1] for row in rows] == [expected], back
    assert seen["rules"]["nobody"] == []


def test_what_was_done_stays_with_an_alert_that_late_events_move(seen: dict[str, Any]) -> None:
    (found,) = seen["followed_up"]["moved"]
    assert found["alert_id"] == "aaaa3333"
    assert (found["acknowledged_by"], found["owner"]) == ("Anna", "Ugo")
    assert len(found["actions"]) == 3
    shown = {row["alert_id"]: row for row in seen["followed_up"]["moved_history"]}
    assert set(shown) == {"aaaa3333", "aaaa2222"}
    assert (shown["aaaa3333"]["owner"], shown["aaaa2222"]["owner"]) == ("Ugo", "")


def test_boards_show_what_was_done_and_when(seen: dict[str, Any]) -> None:
    open_, resolved = seen["followed_up"]["history"]
    assert (open_["acknowledged_by"], open_["owner"]) == ("Anna", "Ugo")
    assert open_["notes"] == "03/06/2026 Anna: parlato con l'agenzia il 3/6 ☎"
    assert (resolved["status"], resolved["notes"]) == ("resolved", "")
    marks = seen["followed_up"]["marks"]
    assert [each["tags"].split(",")[0] for each in marks] == ["alert", "alert", "note"]
    assert all(each["time"] <= each["timeEnd"] <= "2026-06-03 14:20:00" for each in marks)
    assert marks[2]["text"] == "Anna: parlato con l'agenzia il 3/6 ☎"
