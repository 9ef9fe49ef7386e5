"""Pushing with a file of targets: a Grafana that tells each client company of its own alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dashboards.grafana.alert_rules import rule_uid
from infra.cli.main import app
from tests.grafana.openapi import body_faults, described_in
from tests.grafana.served import ServedGrafana
from tests.grafana.test_push import THEIR_ROUTE, secret

URLS = {
    "mail": "mailtos://ascolto:zq9zq9@smtp.example?to=anna@lumina.example",
    "slack": "https://hooks.slack.com/services/T00000000/B00000000/zq9zq9zq9zq9zq9zq9zq9zq9",
    "discord": "discord://4174216298/zq9zq9I8qBe7bk2ZwO5U711o3dV_js",
}


@pytest.fixture
def grafana() -> Iterator[ServedGrafana]:
    with ServedGrafana() as served:
        yield served


@pytest.fixture
def asked(grafana: ServedGrafana, tmp_path: Path) -> list[str | Path]:
    """A push to a Grafana, of two client companies' targets."""
    for name, url in URLS.items():
        secret(tmp_path / name, url)
    targets = {
        "lumina": {"targets": {name: {"url_file": name} for name in ("mail", "discord")}},
        "acqua": {"language": "en", "targets": {"chat": {"url_file": "slack"}}},
    }
    (tmp_path / "targets.yaml").write_text(json.dumps({"clients": targets}))
    token, password = secret(tmp_path / "token", "glsa_admin"), secret(tmp_path / "pw", "wonder")
    return [
        *("--url", grafana.url, "--token-file", token, "--clickhouse", "http://clickhouse:8123"),
        *("--clickhouse-user", "grafana", "--clickhouse-password-file", password),
        *("--targets", tmp_path / "targets.yaml"),
    ]


def ascolto(*arguments: str | Path) -> Result:
    env = {"COLUMNS": "200", "ASCOLTO_CLICKHOUSE_URL": "", "ASCOLTO_PAGE_URL": "https://a.example"}
    return CliRunner().invoke(app, ["dashboards", *map(str, arguments)], env=env)


def test_each_client_company_has_its_rules_its_contact_points_and_its_route(
    grafana: ServedGrafana, asked: list[str | Path]
) -> None:
    grafana.orgs[1].policies["routes"] = [THEIR_ROUTE]
    done = ascolto("push", *asked)
    assert done.exit_code == 0, done.output
    org = grafana.orgs[1]
    assert len(org.rules) == 10
    owners = {uid: rule["labels"].get("ascolto_client") for uid, rule in org.rules.items()}
    assert owners[rule_uid("acqua", "silence")] == "acqua"
    assert {uid for uid, owner in owners.items() if owner is None} == {
        "ascolto-silent-workers",
        "ascolto-lag",
    }
    assert "Aggression is rising (acqua)" in {rule["title"] for rule in org.rules.values()}
    assert {each["name"]: each["type"] for each in org.contact_points.values()} == {
        "Ascolto lumina": "email",
        "Ascolto acqua": "slack",
    }
    routed = [route["receiver"] for route in org.policies["routes"]]
    assert routed == ["Ascolto acqua", "Ascolto lumina", THEIR_ROUTE["receiver"]]
    assert "left out: target discord of lumina" in done.stderr
    assert "zq9" not in done.output


def test_a_second_push_makes_no_second_one_and_check_sees_drift(
    grafana: ServedGrafana, asked: list[str | Path]
) -> None:
    ascolto("push", *asked)
    again = ascolto("push", *asked, "--json")
    steps: list[dict[str, Any]] = json.loads(again.stdout)
    assert {each["outcome"] for each in steps} == {"unchanged"}
    assert ascolto("check", *asked).exit_code == 0
    grafana.orgs[1].rules[rule_uid("acqua", "silence")]["for"] = "1h"
    drift = ascolto("check", *asked)
    assert drift.exit_code == 1
    assert f"changed   alert rule {rule_uid('acqua', 'silence')}" in drift.stdout


def test_without_targets_the_alerting_is_left_alone(
    grafana: ServedGrafana, asked: list[str | Path]
) -> None:
    ascolto("push", *asked)
    rules = dict(grafana.orgs[1].rules)
    assert ascolto("push", *asked[:-2]).exit_code == 0
    assert grafana.orgs[1].rules == rules


@pytest.mark.skipif(
    described_in() is None,
    reason="NOT RUN: Grafana's OpenAPI description is not here (shared/grafana/openapi3-9.4.json)",
)
def test_what_is_sent_is_as_grafana_describes_it(
    grafana: ServedGrafana, asked: list[str | Path]
) -> None:
    ascolto("push", *asked)
    faults = {
        f"{method} {path}: {fault}"
        for method, path, body in grafana.requests
        if method != "GET"
        for fault in body_faults(method, path, body)
    }
    assert faults == set()


def test_an_agency_is_not_notified_by_its_client_company_s_targets(
    grafana: ServedGrafana, tmp_path: Path
) -> None:
    admin = secret(tmp_path / "admin", "admin:pw")
    asked = ["--url", grafana.url, "--token-file", str(admin), "--targets", str(tmp_path / "x")]
    line = ["tenants", "add", "lumina", "--agency", "alfa", *asked]
    said = CliRunner().invoke(app, line, env={"COLUMNS": "200"})
    assert (said.exit_code, "leave it out for an agency" in said.stderr) == (2, True)
    assert grafana.requests == []


def test_what_is_wrong_with_targets_is_said_and_nothing_is_done(
    grafana: ServedGrafana, asked: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "mail").unlink()
    gone = ascolto("push", *asked)
    assert (gone.exit_code, "target mail of lumina" in gone.stderr) == (1, True)
    (tmp_path / "targets.yaml").write_text("clients: {lumina: {targets: {}}}")
    wrong = ascolto("push", *asked)
    assert (wrong.exit_code, "name one target at least" in wrong.stderr) == (1, True)
    assert grafana.changes() == []
