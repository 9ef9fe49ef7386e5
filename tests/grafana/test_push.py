"""Pushing to a Grafana: what is made, what is left alone, what is said when it is refused."""

from __future__ import annotations

import copy
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dashboards.grafana.dashboard import all_dashboards
from dashboards.publishing import connection as connections
from dashboards.publishing.alerting import Alerting
from dashboards.publishing.connection import Connection, GrafanaAway, read_address, read_credential
from dashboards.publishing.data_sources import DataSource
from dashboards.publishing.plan import Content, plan
from dashboards.publishing.steps import Outcome, Step, carry_out
from infra.cli.main import app
from tests.grafana.served import ServedGrafana

OVERVIEW = all_dashboards()[0]
RULE: dict[str, Any] = {
    "uid": "ascolto-rise-acqua",
    "folderUID": "ascolto",
    "ruleGroup": "Ascolto acqua",
    "title": "Aggressività in aumento (acqua)",
    "condition": "FIRES",
    "noDataState": "OK",
    "execErrState": "KeepLast",
    "for": "300s",
    "labels": {"ascolto_client": "acqua"},
    "isPaused": False,
    "data": [
        {
            "refId": "OPEN",
            "queryType": "",
            "relativeTimeRange": {"from": 600, "to": 0},
            "datasourceUid": "ascolto-clickhouse",
            "model": {"refId": "OPEN", "rawSql": "SELECT 1", "format": 1},
        }
    ],
}
SLACK: dict[str, Any] = {
    "uid": "ascolto-slack-acqua",
    "name": "Ascolto acqua",
    "type": "slack",
    "settings": {"url": "https://hooks.example/secret", "title": "x"},
    "disableResolveMessage": False,
}
ROUTE: dict[str, Any] = {
    "receiver": "Ascolto acqua",
    "object_matchers": [["ascolto_client", "=", "acqua"]],
    "group_wait": "30s",
    "continue": False,
}
ALERTING = Alerting([RULE], [SLACK], [ROUTE], {"ascolto.it": '{{ define "x" }}y{{ end }}'})
SOURCE = DataSource("clickhouse", 8123, False, "ascolto", "grafana", "wonderful")
THEIR_ROUTE = {"receiver": "grafana-default-email", "object_matchers": [["team", "=", "sre"]]}


@pytest.fixture
def grafana() -> Iterator[ServedGrafana]:
    with ServedGrafana() as served:
        yield served


@pytest.fixture
def token(tmp_path: Path) -> Path:
    return secret(tmp_path / "token", "glsa_admin\n")


def secret(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def connected(grafana: ServedGrafana, token: Path) -> Connection:
    return Connection(read_address(grafana.url), read_credential(token))


def content(**changes: Any) -> Content:
    given: dict[str, Any] = {
        "dashboards": [OVERVIEW],
        "data_source": SOURCE,
        "alerting": ALERTING,
    }
    return Content(**given | changes)


def pushed(grafana: ServedGrafana, token: Path, wanted: Content, **options: Any) -> list[Step]:
    steps = plan(connected(grafana, token), wanted, **options)
    carry_out(steps)
    return steps


def outcomes(steps: list[Step]) -> dict[str, str]:
    return {f"{step.kind} {step.name}": step.outcome.value for step in steps}


EVERYTHING = {
    "folder ascolto",
    "data source ascolto-clickhouse",
    "dashboard ascolto-agencies",
    "alert rule ascolto-rise-acqua",
    "contact point ascolto-slack-acqua",
    "message template ascolto.it",
    "notification policies routes to our contact points",
}


@pytest.mark.parametrize("versions_as_list", [False, True])
def test_pushing_twice_changes_nothing_the_second_time(token: Path, versions_as_list: bool) -> None:
    with ServedGrafana(versions_as_list=versions_as_list) as grafana:
        first = pushed(grafana, token, content())
        assert outcomes(first) == dict.fromkeys(EVERYTHING, "created")
        grafana.requests.clear()
        second = pushed(grafana, token, content())
        assert outcomes(second) == dict.fromkeys(EVERYTHING, "unchanged")
        # But for a contact point's secret: nobody can see whether it is another one.
        assert grafana.changes() == [("PUT", "/v1/provisioning/contact-points/ascolto-slack-acqua")]


def test_planning_changes_nothing(grafana: ServedGrafana, token: Path) -> None:
    plan(connected(grafana, token), content())
    assert grafana.changes() == []


def test_what_somebody_changed_is_found_and_put_right(grafana: ServedGrafana, token: Path) -> None:
    pushed(grafana, token, content())
    org = grafana.orgs[1]
    grafana.edit(1, "ascolto-agencies", title="Mine")
    org.rules[RULE["uid"]]["data"][0]["model"]["rawSql"] = "SELECT 2"
    org.contact_points[SLACK["uid"]]["settings"]["title"] = "y"
    org.templates["ascolto.it"]["template"] = "z"
    org.policies["routes"][0]["group_wait"] = "1m"
    org.data_sources["ascolto-clickhouse"]["jsonData"]["host"] = "elsewhere"
    found = {step.name: step for step in plan(connected(grafana, token), content())}
    changed = {name for name, step in found.items() if step.outcome is Outcome.UPDATED}
    assert changed == found.keys() - {"ascolto"}
    assert found[RULE["uid"]].detail == "it differs in data[0].model.rawSql"
    assert found["ascolto-clickhouse"].detail == "it differs in jsonData.host"
    carry_out(list(found.values()))
    assert set(outcomes(plan(connected(grafana, token), content())).values()) == {"unchanged"}


def test_a_newer_grafanas_own_form_of_a_dashboard_is_no_change(
    grafana: ServedGrafana, token: Path
) -> None:
    pushed(grafana, token, content())
    grafana.upgrade(1, "ascolto-agencies")
    steps = plan(connected(grafana, token), content())
    assert outcomes(steps)["dashboard ascolto-agencies"] == "unchanged"
    grafana.edit(1, "ascolto-agencies")
    steps = plan(connected(grafana, token), content())
    assert outcomes(steps)["dashboard ascolto-agencies"] == "updated"


def test_what_others_made_is_refused_and_then_nothing_is_done(
    grafana: ServedGrafana, token: Path
) -> None:
    org = grafana.orgs[1]
    org.dashboards["ascolto-agencies"] = {"json": {"uid": "x"}, "folder": "", "versions": [""]}
    org.rules[RULE["uid"]] = {**RULE, "id": 3, "folderUID": "theirs"}
    org.data_sources["ascolto-clickhouse"] = {
        "id": 5,
        "uid": "ascolto-clickhouse",
        "name": "Mine",
        "isDefault": True,
        "type": "x",
        "jsonData": {},
        "readOnly": False,
        "access": "proxy",
    }
    steps = plan(connected(grafana, token), content())
    refused = {step.name for step in steps if step.outcome is Outcome.REFUSED}
    assert refused == {"ascolto-agencies", RULE["uid"], "ascolto-clickhouse"}
    assert all("--adopt" in step.detail for step in steps if step.name in refused)
    adopted = pushed(grafana, token, content(), adopt=True)
    assert {step.outcome for step in adopted if step.name in refused} == {Outcome.UPDATED}
    source = org.data_sources["ascolto-clickhouse"]
    assert (source["name"], source["isDefault"]) == ("Mine", True)


def test_nothing_of_others_is_touched(grafana: ServedGrafana, token: Path) -> None:
    org = grafana.orgs[1]
    org.folders["ascolto"] = {"uid": "ascolto", "title": "What we call it"}
    copied = {"json": {"title": "Copy", "tags": ["ascolto"]}, "folder": "ascolto", "versions": []}
    org.dashboards["fz8s2"] = copied
    org.rules["theirs"] = {"uid": "theirs", "folderUID": "ascolto"}
    org.contact_points["theirs"] = {"uid": "theirs", "name": "T", "type": "email", "settings": {}}
    org.policies["routes"] = [THEIR_ROUTE]
    before = copy.deepcopy(org)
    pushed(grafana, token, content())
    assert org.folders == before.folders
    assert org.dashboards["fz8s2"] == before.dashboards["fz8s2"]
    assert org.rules["theirs"] == before.rules["theirs"]
    assert org.contact_points["theirs"] == before.contact_points["theirs"]
    assert org.policies["routes"] == [ROUTE, THEIR_ROUTE]
    assert org.policies["receiver"] == before.policies["receiver"]
    assert "provenance" not in org.policies, "people may go on changing their own routes"


def test_what_is_no_longer_wanted_goes_and_only_that(grafana: ServedGrafana, token: Path) -> None:
    other = OVERVIEW | {"uid": "ascolto-old", "title": "Old"}
    pushed(grafana, token, content(dashboards=[OVERVIEW, other]))
    grafana.orgs[1].policies["routes"].append(THEIR_ROUTE)
    steps = pushed(grafana, token, content(alerting=Alerting()))
    gone = {step.name for step in steps if step.outcome is Outcome.DELETED}
    assert gone == {"ascolto-old", RULE["uid"], SLACK["uid"]}
    org = grafana.orgs[1]
    assert (set(org.dashboards), org.rules, org.contact_points) == ({"ascolto-agencies"}, {}, {})
    assert org.policies["routes"] == [THEIR_ROUTE]


def test_what_grafana_reads_from_files_is_left(grafana: ServedGrafana, token: Path) -> None:
    pushed(grafana, token, content())
    org = grafana.orgs[1]
    org.data_sources["ascolto-clickhouse"]["readOnly"] = True
    org.dashboards["ascolto-agencies"]["provisioned"] = True
    for thing in (org.rules[RULE["uid"]], org.contact_points[SLACK["uid"]], org.policies):
        thing["provenance"] = "file"
    org.policies["routes"] = []
    found = outcomes(plan(connected(grafana, token), content()))
    unchanged = {"folder ascolto", "message template ascolto.it"}
    assert found == dict.fromkeys(EVERYTHING - unchanged, "left") | dict.fromkeys(
        unchanged, "unchanged"
    )


def test_a_password_that_grafana_cannot_sign_in_with_is_written_again(
    grafana: ServedGrafana, token: Path
) -> None:
    grafana.clickhouse = lambda _, password: "" if password == "wonderful" else "code 516"
    pushed(grafana, token, content())
    source = grafana.orgs[1].data_sources["ascolto-clickhouse"]
    source["secureJsonData"]["password"] = "another"
    steps = pushed(grafana, token, content())
    (step,) = [each for each in steps if each.kind == "data source"]
    assert (step.outcome, step.detail) == (
        Outcome.UPDATED,
        "Grafana cannot read ClickHouse: code 516",
    )
    assert set(outcomes(plan(connected(grafana, token), content())).values()) == {"unchanged"}


# The command


def ascolto(*arguments: str | Path, **environment: str) -> Result:
    env = {"COLUMNS": "200", "ASCOLTO_CLICKHOUSE_URL": "", **environment}
    return CliRunner().invoke(app, ["dashboards", *map(str, arguments)], env=env)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    return secret(tmp_path / "password", "wonderful\n")


def test_the_command_says_what_it_did_and_check_what_differs(
    grafana: ServedGrafana, token: Path, password: Path
) -> None:
    asked = ["--url", grafana.url, "--token-file", token, "--clickhouse", "http://clickhouse:8123"]
    asked += ["--clickhouse-user", "grafana", "--clickhouse-password-file", password]
    missing = ascolto("check", *asked)
    assert missing.exit_code == 1
    assert "missing   dashboard ascolto-agencies\n" in missing.stdout
    dry = ascolto("push", *asked, "--dry-run")
    assert (dry.exit_code, grafana.changes()) == (0, [])
    assert f"{2 + len(all_dashboards())} things would be changed" in dry.stderr
    assert "create    folder ascolto\n" in dry.stdout
    done = ascolto("push", *asked)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "created   folder ascolto",
        "created   data source ascolto-clickhouse",
        *(f"created   dashboard {each['uid']}" for each in all_dashboards()),
    ]
    again = ascolto("push", *asked, "--json")
    assert {each["outcome"] for each in json.loads(again.stdout)} == {"unchanged"}
    assert "nothing to do" in again.stderr
    assert ascolto("check", *asked).exit_code == 0
    grafana.edit(1, "ascolto-agencies", title="Mine")
    drift = ascolto("check", *asked)
    assert (drift.exit_code, drift.stdout) == (
        1,
        "changed   dashboard ascolto-agencies: its content differs\n",
    )
    assert "wonderful" not in done.output + drift.output + again.output


TARGETS = """
clients:
  acqua:
    targets:
      direzione: {url_env: MAIL_OF_ACQUA}
      sala: {url_env: CHAT_OF_ACQUA}
"""
URLS = {
    "MAIL_OF_ACQUA": "mailtos://ascolto:geheim@mail.example?to=capo@acqua.example",
    "CHAT_OF_ACQUA": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
}


def test_targets_are_notified_by_grafana(
    grafana: ServedGrafana, token: Path, password: Path, tmp_path: Path
) -> None:
    targets = tmp_path / "targets.yaml"
    targets.write_text(TARGETS)
    asked = ["--url", grafana.url, "--token-file", token, "--clickhouse", "http://clickhouse:8123"]
    asked += ["--clickhouse-user", "grafana", "--clickhouse-password-file", password]
    done = ascolto("push", *asked, "--targets", targets, **URLS)
    assert done.exit_code == 0, done.output
    org = grafana.orgs[1]
    assert {rule["folderUID"] for rule in org.rules.values()} == {"ascolto"}
    assert len(org.rules) == 6
    kinds = sorted(point["type"] for point in org.contact_points.values())
    assert kinds == ["email", "slack"]
    assert set(org.templates) == {"ascolto.it", "ascolto.en"}
    assert [route["receiver"] for route in org.policies["routes"]] == ["Ascolto acqua"]
    again = ascolto("push", *asked, "--targets", targets, "--json", **URLS)
    assert {each["outcome"] for each in json.loads(again.stdout)} == {"unchanged"}
    assert ascolto("check", *asked, "--targets", targets, **URLS).exit_code == 0
    assert ascolto("push", *asked).exit_code == 0, "without targets its alerting is not looked at"
    assert len(org.rules) == 6
    broken = ascolto("push", *asked, "--targets", targets)
    assert (broken.exit_code, "MAIL_OF_ACQUA" in broken.stderr) == (1, True)
    assert "TIiajkdn" not in done.output + again.output + broken.output


def test_without_a_data_source_nothing_is_done(grafana: ServedGrafana, token: Path) -> None:
    done = ascolto("push", "--url", grafana.url, "--token-file", token)
    assert done.exit_code == 1
    assert "--clickhouse-user" in done.stdout
    assert "nothing was done" in done.stderr
    assert grafana.changes() == []


def test_a_push_that_breaks_off_is_completed_by_the_next(
    grafana: ServedGrafana, token: Path
) -> None:
    grafana.fail_at = lambda method, path: (method, path) == ("POST", "/dashboards/db")
    with pytest.raises(connections.GrafanaRefused, match=r"did not save the dashboard .* \(500\)"):
        pushed(grafana, token, content())
    grafana.fail_at = lambda *_: False
    done = outcomes(pushed(grafana, token, content()))
    assert done["folder ascolto"] == "unchanged"
    assert done["dashboard ascolto-agencies"] == "created"


REFUSALS = {
    "unknown token": ("glsa_wrong", "", "does not accept what is in"),
    "wrong password": ("admin:wrong", "", "write the right user:password into it"),
    "viewer": ("glsa_viewer", "", "give its service account the role Admin"),
    "other path": ("glsa_admin", "/grafana", "is no Grafana: check --url"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_one_line_that_says_what_to_do(
    case: str, grafana: ServedGrafana, tmp_path: Path
) -> None:
    given, path, said = REFUSALS[case]
    grafana.tokens["glsa_viewer"] = (1, "Viewer")
    token = secret(tmp_path / "token", given)
    done = ascolto("check", "--url", grafana.url + path, "--token-file", token)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert said in line
    assert given not in done.output


def test_a_grafana_below_a_path_is_reached(token: Path) -> None:
    with ServedGrafana(path="/monitoring/grafana") as grafana:
        steps = pushed(grafana, token, content(alerting=None))
    assert len(steps) == 3
    assert len(grafana.orgs[1].dashboards) == 1


def test_a_grafana_that_is_away_is_waited_for(
    grafana: ServedGrafana, token: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url, waits = grafana.url, []
    away = Connection(read_address("http://127.0.0.1:1"), read_credential(token))
    with pytest.raises(GrafanaAway, match="cannot be reached"):
        away.call("report its health", lambda api: api.client.GET("/health"))

    def come_back(seconds: float) -> None:
        waits.append(seconds)
        away.address = read_address(url)
        away._api = Connection(away.address, read_credential(token))._api

    away.wait(come_back)
    assert waits == [0.5]
    assert "Grafana at http://127.0.0.1:1 is away" in caplog.text


WRONG = {
    "password in the address": (["--url", "http://admin:pw1@localhost:3000"], "t", "--token-file"),
    "no address": (["--url", "grafana"], "t", "write it like https://"),
    "no port": (["--url", "http://grafana:x"], "t", "write it like https://"),
    "a query": (["--url", "http://grafana?verify=0"], "t", "write it like https://"),
    "empty file": (["--url", "http://127.0.0.1:1"], "", "is empty"),
    "two lines": (["--url", "http://127.0.0.1:1"], "a\nb", "is no token"),
    "no password": (["--url", "http://127.0.0.1:1"], "admin:", "no user or no password"),
    "password in another address": (
        ["--url", "http://127.0.0.1:1", "--clickhouse", "http://a:pw1@clickhouse:8123"],
        "t",
        "--clickhouse holds a user name",
    ),
    "half a user": (
        ["--url", "http://127.0.0.1:1", "--clickhouse-user", "x"],
        "t",
        "go together",
    ),
}


@pytest.mark.parametrize("command", ["push", "check"])
@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_said_before_anything_is_asked(
    case: str, command: str, tmp_path: Path
) -> None:
    arguments, given, said = WRONG[case]
    token = secret(tmp_path / "token", given)
    done = ascolto(command, *arguments, "--token-file", token)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert "pw1" not in done.output


def test_a_token_that_others_can_read_is_warned_of(grafana: ServedGrafana, token: Path) -> None:
    token.chmod(0o644)
    done = ascolto("check", "--url", grafana.url, "--token-file", token)
    assert f"others can read {token}: chmod 600" in done.stderr
    assert stat.S_IMODE(token.stat().st_mode) == 0o644
