"""Grafana's alert rules, contact points, policies and templates: their shapes and their words."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana.alert_files import rules_file
from dashboards.grafana.alert_marks import alert_marks_sql
from dashboards.grafana.alert_rules import (
    OWNER_LABEL,
    RuleOptions,
    alert_rules,
    rule_sql,
    worker_rules,
)
from dashboards.grafana.contact_points import (
    contact_points,
    message_templates,
    notification_policy,
    receiver_name,
)
from dashboards.texts import LANGUAGES
from infra.alerting.channels import Channel, NoChannel, channel_of
from infra.alerting.targets_file import read_targets
from schemas.rows import WORKER_STATUS
from tests.dashboards.board_rows import worker_report, worker_reports
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import NOW

LABELS = {"client_id", "agency_id", "agency", "alert_id"}
TOKEN = "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
FLOW = (
    "https://prod-1.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef"
    "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers&sv=1.0&sig=abcDEF123"
)
URLS = {
    "mail": "mailtos://ascolto:zq9zq9@smtp.example?to=anna@cliente.example,ugo@cliente.example",
    "slack": f"https://hooks.slack.com/services/{TOKEN}",
    "tokens": f"slack://{TOKEN}/#allarmi",
    "teams": FLOW,
    "web": "jsons://hooks.cliente.example/zq9zq9",
    "port": "json://127.0.0.1:8080/a/b",
    "discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
}


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Channel | str]:
    """The channel of each URL; or why there is none."""
    folder = tmp_path_factory.mktemp("targets")
    for name, url in URLS.items():
        (folder / name).write_text(url)
    targets = {name: {"url_file": name} for name in URLS}
    file = folder / "targets.yaml"
    file.write_text(json.dumps({"clients": {"lumina": {"targets": targets}}}))
    found: dict[str, Channel | str] = {}
    for each in read_targets(file):
        try:
            found[each.name] = channel_of(each)
        except NoChannel as error:
            found[each.name] = str(error)
    return found


def placed(template: str) -> tuple[set[str], set[str]]:
    """The labels and the values that a template names."""
    labels = set(re.findall(r"\$labels\.(\w+)", template))
    return labels, set(re.findall(r"\$values\.(\w+)\.Value", template))


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_have_what_grafana_s_api_asks_for(language: str) -> None:
    page = "https://ascolto.example/"
    rules = alert_rules("lumina", "Lumina", RuleOptions(language=language, page=page))
    assert len({rule["uid"] for rule in rules}) == len(rules) == 4
    for rule in rules:
        wanted = {"orgID", "folderUID", "ruleGroup", "title", "condition", "data", "for"}
        assert wanted | {"noDataState", "execErrState"} <= set(rule)
        assert len(rule["uid"]) <= 40
        assert re.fullmatch(r"[A-Za-z0-9_-]+", rule["uid"])
        assert rule["labels"]["ascolto_client"] == "lumina"
        names = [each["refId"] for each in rule["data"]]
        assert names[-1] == rule["condition"]
        condition = rule["data"][-1]["model"]
        assert condition["expression"] in names[:-1]
        for text in rule["annotations"].values():
            labels, values = placed(text)
            assert labels <= LABELS
            assert values <= set(names)
        json.dumps(rule)


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_about_workers_are_the_team_s_and_name_no_client_company(language: str) -> None:
    rules = worker_rules(RuleOptions(language=language))
    assert [rule["uid"] for rule in rules] == ["ascolto-silent-workers", "ascolto-lag"]
    for rule in rules:
        assert OWNER_LABEL not in rule["labels"], "it would go to a client company's contact points"
        assert "client_id" not in json.dumps(rule)
        assert rule["data"][-1]["refId"] == rule["condition"]
        for text in rule["annotations"].values():
            labels, values = placed(text)
            assert labels <= {"worker", "topic"}
            assert values <= {"OPEN"}
    assert set(alert_rules("lumina", "Lumina")[0]) == set(rules[0])


def test_a_worker_that_is_silent_or_falls_behind_is_reported(one: Engine) -> None:
    """Of `worker_reports`: the scorer stopped ten minutes ago, the transcriber handles nothing."""
    stuck = [
        worker_report("transcriber", "t2", NOW - timedelta(minutes=minute), {"call-ended": 7})
        | {"events_per_second": {"call-ended": 0.0}}
        for minute in range(20)
    ]
    busy = [
        worker_report("scorer", "s2", NOW - timedelta(minutes=minute), {"call-transcribed": 5000})
        for minute in range(20)
    ]
    assert firing(one, "silent_workers", 180) == {("scorer", None): 600}
    well = [
        worker_report("transcriber", "t2", NOW - timedelta(minutes=minute), {"call-ended": 1})
        | {"counts": {}}
        for minute in range(20, 40)
    ]
    one.fill({WORKER_STATUS.name: [*stuck, *busy, *well]})
    assert firing(one, "lag", 0) == {
        ("transcriber", "call-ended"): 7,
        ("scorer", "call-transcribed"): 5000,
    }
    worked_before = [
        row | {"at": row["at"] + timedelta(minutes=4), "version": row["version"] + 1}
        for row in (*stuck, *well)
    ]
    one.fill({WORKER_STATUS.name: [row for row in worked_before if row["at"] <= NOW]})
    assert firing(one, "lag", 0) == {("transcriber", "call-ended"): 7}, "for 16 minutes"
    one.fill({WORKER_STATUS.name: stuck[:10] + worker_reports()[:60]})
    assert firing(one, "lag", 0) == {}, "for less than 15 minutes, or fewer all the time"


def firing(engine: Engine, name: str, limit: float) -> dict[tuple[str, str | None], float]:
    """The instances of a rule above its limit, as of the time of the rows."""
    now = f"toDateTime({int(NOW.timestamp())}, 'UTC')"
    rows = engine.read(rule_sql(name, None, {}).replace("now()", now), {})
    return {(r["worker"], r.get("topic")): r["value"] for r in rows if r["value"] > limit}


def test_a_rule_of_alerts_says_who_since_when_how_much_and_where_to_look() -> None:
    rule = alert_rules("lumina", "Lumina", RuleOptions(page="https://ascolto.example/"))[0]
    said = rule["annotations"]
    assert said["summary"] == "{{ $labels.agency }}: aggressività in salita"
    assert placed(said["description"])[1] == {"SINCE", "LEVEL", "USUAL", "CHANGE", "COUNT"}
    assert "$3/$2/$1, ore $4:$5" in said["description"]
    assert said["link"] == (
        "https://ascolto.example/?client=lumina&agency={{ $labels.agency_id }}"
        "&alert={{ $labels.alert_id }}"
    )


def written(text: str, values: dict[str, float]) -> str:
    """The numbers of a message as Grafana's templates write them."""

    def printed(place: re.Match[str]) -> str:
        number = place["form"] % values[place["name"]]
        return number.replace(".", ",") if place["comma"] else number

    small = re.compile(
        r"\{\{ if lt \$values\.CHANGE\.Value ([\d.]+) \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}"
    )
    text = small.sub(lambda place: place[2 if values["CHANGE"] < float(place[1]) else 3], text)
    number = r'\(?printf "(?P<form>[^"]+)" \$values\.(?P<name>\w+)\.Value\)?'
    return re.sub(rf'\{{\{{ (?P<comma>reReplaceAll "\[\.\]" "," )?{number} \}}\}}', printed, text)


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        (0, (0.3, 0.12, 0.18), "(da 0 a 1): 0,30, di solito 0,12"),
        (0, (0.124, 0.12, 0.004), "(da 0 a 1): 0,124, di solito 0,120"),
        (1, (29.6, 30.4, 0.8), "NPS: 29,6, di solito 30,4: 0,8 in meno"),
        (1, (-5, 30, 35), "NPS: -5, di solito 30: 35 in meno"),
    ],
)
def test_messages_write_a_change_with_the_digits_that_show_it(
    kind: int, values: tuple[float, ...], said: str
) -> None:
    text = alert_rules("lumina", "Lumina")[kind]["annotations"]["description"]
    named = dict(zip(("LEVEL", "USUAL", "CHANGE"), values, strict=True)) | {"COUNT": 40}
    assert said in written(text, named)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_end_of_an_alert_about_workers_promises_nothing(language: str) -> None:
    """It ends as well where a worker's last rows have become too old to be read."""
    closed = {"it": "allarme chiuso", "en": "alert closed"}[language]
    for rule in worker_rules(RuleOptions(language=language)):
        assert closed in rule["annotations"]["resolved"]


def test_a_client_s_id_cannot_leave_its_place_in_the_sql() -> None:
    sql = rule_sql("hours_without_calls", None, {"client": "a' OR '1'='1\\", "zone": "UTC"})
    assert r"client_id = 'a\' OR \'1\'=\'1\\'" in sql
    for rule in alert_rules("lumina", "Lumina"):
        for each in rule["data"][:-1]:
            assert "${" not in each["model"]["rawSql"]
            assert "{{" not in each["model"]["rawSql"]
            assert "client_id = 'lumina'" in each["model"]["rawSql"]


def test_two_client_companies_share_no_uid_and_no_receiver() -> None:
    both = [*alert_rules("one", "One"), *alert_rules("two", "Two")]
    assert len({rule["uid"] for rule in both}) == 8
    tree = notification_policy(["one", "two"], "team")
    assert tree["receiver"] == "team"
    matched = {route["object_matchers"][0][2]: route["receiver"] for route in tree["routes"]}
    assert matched == {"one": receiver_name("one"), "two": receiver_name("two")}
    assert not any(route["continue"] for route in tree["routes"])


def test_targets_are_contact_points_where_grafana_has_such(
    channels: dict[str, Channel | str],
) -> None:
    there = [each for each in channels.values() if isinstance(each, Channel)]
    points = dict(zip([each.name for each in there], contact_points(there), strict=True))
    assert {name: each["type"] for name, each in points.items()} == {
        **{"mail": "email", "slack": "slack", "tokens": "slack"},
        **{"teams": "teams", "web": "webhook", "port": "webhook"},
    }
    assert points["mail"]["settings"]["addresses"] in (
        "anna@cliente.example;ugo@cliente.example",
        "ugo@cliente.example;anna@cliente.example",
    )
    assert points["slack"]["settings"]["url"] == URLS["slack"]
    assert points["tokens"]["settings"]["url"] == URLS["slack"]
    assert points["teams"]["settings"]["url"] == FLOW
    assert points["web"]["settings"]["url"] == "https://hooks.cliente.example/zq9zq9"
    assert points["port"]["settings"]["url"] == "http://127.0.0.1:8080/a/b"
    assert {each["name"] for each in points.values()} == {"Ascolto lumina"}
    assert len({each["uid"] for each in points.values()}) == len(points)
    assert "ascolto.it.title" in points["slack"]["settings"]["title"]


def test_what_grafana_cannot_reach_is_named_without_its_url(
    channels: dict[str, Channel | str],
) -> None:
    said = channels["discord"]
    assert isinstance(said, str)
    assert "target discord of lumina" in said
    assert "JHMHI8" not in said
    assert "zq9" not in repr(channels)
    assert "XXXX" not in repr(channels)


def test_templates_speak_the_reader_s_language_and_name_the_client_company() -> None:
    templates = message_templates({"lumina": 'Lumina "Energia"', "two": "Two"})
    assert set(templates) == {"ascolto.it", "ascolto.en"}
    italian = templates["ascolto.it"]
    assert "allarmi aperti {{ len .Alerts.Firing }}" in italian
    assert '{{ if eq .Labels.ascolto_client "lumina" }}{{ "Lumina \\"Energia\\"" }}' in italian
    for text in templates.values():
        opened = len(re.findall(r"\{\{ (?:if|range|define) ", text))
        assert len(re.findall(r"\{\{ end \}\}", text)) == opened


def test_the_file_of_rules_holds_the_same_rules_and_no_variable_of_the_environment() -> None:
    rules = alert_rules("lumina", "Lumina") + alert_rules("two", "Two")
    written = rules_file(rules)
    assert not re.search(r"(?<!\$)\$(?:\$\$)*(?!\$)", written)
    found: Any = yaml.safe_load(written.replace("$$", "$"))
    assert [group["name"] for group in found["groups"]] == ["Ascolto lumina", "Ascolto two"]
    inside = [rule for group in found["groups"] for rule in group["rules"]]
    assert [rule["uid"] for rule in inside] == [rule["uid"] for rule in rules]
    assert inside[0]["data"] == rules[0]["data"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_marks_name_kinds_in_words(language: str) -> None:
    sql = alert_marks_sql(language)
    assert ("aggressività in salita" in sql) is (language == "it")
    assert "client_id = ${client:singlequote}" in sql


def test_queries_of_rules_are_all_used() -> None:
    folder = Path(rules_file.__code__.co_filename).parents[1] / "queries" / "rules"
    there = {path.stem for path in folder.glob("*.sql")}
    assert there == {"open_alerts", "hours_without_calls", "silent_workers", "lag"}
