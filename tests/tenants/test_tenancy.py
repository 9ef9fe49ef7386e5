"""Tenants in ClickHouse and Grafana: added, completed, listed, removed; passwords nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from dashboards.grafana.dashboard import all_dashboards
from dashboards.publishing.connection import Connection
from dashboards.publishing.tenancy import FOR_THE_TEAM, of_tenants
from infra.cli.doctor.store import tenants
from infra.cli.main import app
from infra.cli.operate.migrate import _tenants_behind
from infra.clickhouse.tenants.access import READABLE
from infra.clickhouse.tenants.identity import Tenant
from tests.grafana.served import ServedGrafana
from tests.tenants.user_store import Died, UserStore

ACQUA, ALFA = Tenant("acqua"), Tenant("acqua", "alfa")
SHOWN = [each["uid"] for each in of_tenants(all_dashboards())]
URL = "http://admin:wonderful@clickhouse:8123/ascolto"


@dataclass
class Stand:
    """A Grafana and a ClickHouse, and the command that joins them."""

    grafana: ServedGrafana
    store: UserStore
    token: Path
    registry: str = ""

    def __call__(self, *arguments: str, given: str = "", url: str = "") -> Result:
        place = url or self.grafana.url
        asked = ["tenants", *arguments, "--url", place, "--token-file", str(self.token)]
        env = {"COLUMNS": "200", "ASCOLTO_CLICKHOUSE_URL": URL}
        named = {"ASCOLTO_REGISTRY": self.registry} if self.registry else {}
        return CliRunner().invoke(app, asked, env=env | named, input=given)

    def organisation(self, name: str) -> Any:
        return next((each for each in self.grafana.orgs.values() if each.name == name), None)

    def source(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.organisation(name).data_sources["ascolto-clickhouse"]
        return found


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    store, token = UserStore(), tmp_path / "admin"
    token.write_text("admin:pw")
    token.chmod(0o600)
    monkeypatch.setattr("infra.clickhouse.client.open_client", lambda _: store)
    monkeypatch.setattr("infra.clickhouse.client.open_as", lambda _, *who: store.sign_in(*who))
    with ServedGrafana() as grafana:
        grafana.clickhouse = store.sign_in_fault
        yield Stand(grafana, store, token)


def test_a_tenant_is_added_once_and_stays_as_it_is(stand: Stand) -> None:
    first = stand("add", "acqua")
    assert first.exit_code == 0, first.output
    assert first.stdout.splitlines() == [
        "created   organisation Ascolto: acqua",
        "created   ClickHouse user ascolto.acqua",
        "created   folder ascolto",
        "created   data source ascolto-clickhouse",
        *(f"created   dashboard {uid}" for uid in SHOWN),
    ]
    source = stand.source("Ascolto: acqua")
    assert source["jsonData"] == {
        "host": "clickhouse",
        "port": 8123,
        "protocol": "http",
        "secure": False,
        "username": "ascolto.acqua",
        "defaultDatabase": "ascolto",
        "ascolto": "acqua",
    }
    assert {each[1:3] for each in stand.store.grants} == {
        ("ascolto", each.table.name) for each in READABLE
    }
    stand.grafana.requests.clear()
    stand.store.statements.clear()
    again = stand("add", "acqua", "--json")
    assert {each["outcome"] for each in json.loads(again.stdout)} == {"unchanged"}
    assert (stand.grafana.changes(), stand.store.statements) == ([], [])


def test_an_agency_is_a_tenant_of_its_own(stand: Stand) -> None:
    for arguments in (["acqua"], ["acqua", "--agency", "alfa"]):
        assert stand("add", *arguments).exit_code == 0
    rows = {
        shown
        for (_, _, table), (_, shown, user) in stand.store.policies.items()
        if table == "calls" and user == ALFA.user
    }
    assert rows == {"client_id = 'acqua' AND agency_id = 'alfa'"}
    assert stand.source("Ascolto: acqua, alfa")["jsonData"]["username"] == ALFA.user
    listed = stand("list")
    assert (listed.exit_code, listed.stdout) == (
        0,
        "acqua\t-\t0 viewers\tok\nacqua\talfa\t0 viewers\tok\n",
    )


def test_the_password_is_in_grafana_and_its_hash_in_clickhouse_and_nowhere_else(
    stand: Stand,
) -> None:
    done = stand("add", "acqua")
    password = stand.source("Ascolto: acqua")["secureJsonData"]["password"]
    assert len(password) > 40
    assert password not in done.output + str(stand.store.statements)
    assert stand.store.sign_in_fault({"username": ACQUA.user}, password) == ""
    renewed = stand("add", "acqua", "--renew-password")
    assert "it has a new password" in renewed.stdout
    other = stand.source("Ascolto: acqua")["secureJsonData"]["password"]
    assert other != password
    assert stand.store.sign_in_fault({"username": ACQUA.user}, password)
    assert not stand.store.sign_in_fault({"username": ACQUA.user}, other)


CLICKHOUSE_STEPS = ["CREATE USER", "ALTER USER", "REVOKE", "CREATE ROW POLICY", "GRANT"]
GRAFANA_STEPS = [
    ("POST", "/orgs"),
    ("POST", "/folders"),
    ("POST", "/datasources"),
    ("POST", "/dashboards/db"),
]


@pytest.mark.parametrize("step", [*CLICKHOUSE_STEPS, *GRAFANA_STEPS], ids=str)
def test_a_half_made_tenant_reads_nothing_and_is_completed_by_repeating(
    step: str | tuple[str, str], stand: Stand
) -> None:
    if isinstance(step, str):
        stand.store.dies_before = lambda sql: sql.startswith(step)
    else:
        stand.grafana.fail_at = lambda *asked: asked == step
    broken = stand("add", "acqua")
    assert broken.exit_code == 1
    assert isinstance(broken.exception, Died) == isinstance(step, str)
    if isinstance(step, str):
        assert not stand.store.grants
    stand.store.dies_before = stand.grafana.fail_at = lambda *_: False
    listed = stand("list")
    begun = stand.store.hashes or stand.organisation("Ascolto: acqua")
    assert listed.exit_code == (1 if begun else 0), listed.output
    assert stand("add", "acqua").exit_code == 0
    assert stand("list").stdout == "acqua\t-\t0 viewers\tok\n"
    assert set(stand.organisation("Ascolto: acqua").dashboards) == set(SHOWN)


def test_a_user_that_would_read_others_is_taken_away_again(stand: Stand) -> None:
    stand.store.leaks = "dead_letters"
    done = stand("add", "acqua")
    assert done.exit_code == 1
    assert "it reads dead_letters" in done.stderr
    assert "docs/tenants.md" in done.stderr
    assert (stand.store.hashes, stand.store.grants, stand.store.policies) == ({}, set(), {})
    assert stand.organisation("Ascolto: acqua").data_sources == {}


def test_removing_takes_all_of_it_and_nothing_else(stand: Stand) -> None:
    for client in ("acqua", "luce"):
        stand("add", client)
    before = {name for name in stand.store.policies if name[0].startswith("ascolto.luce")}
    refused = stand("remove", "acqua")
    assert (refused.exit_code, "--yes" in refused.stderr) == (1, True)
    assert ACQUA.user in stand.store.hashes
    done = stand("remove", "acqua", "--yes")
    assert done.stdout.splitlines() == [
        "deleted   ClickHouse user ascolto.acqua",
        "deleted   organisation Ascolto: acqua",
    ]
    assert set(stand.store.hashes) == {Tenant("luce").user}
    assert set(stand.store.policies) == before
    assert stand.organisation("Ascolto: acqua") is None
    assert stand("remove", "acqua", "--yes").stdout.count("unchanged") == 2
    assert stand("list").stdout == "luce\t-\t0 viewers\tok\n"


def test_a_removal_that_breaks_off_has_ended_the_access_and_is_completed(stand: Stand) -> None:
    stand("add", "acqua")
    stand.grafana.fail_at = lambda method, _: method == "DELETE"
    broken = stand("remove", "acqua", "--yes")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "acqua: its ClickHouse access has ended, but its organisation in Gra" in broken.stderr
    assert "repeat the command: it completes what was begun" in broken.stderr
    assert (stand.store.hashes, stand.store.grants, stand.store.policies) == ({}, set(), {})
    stand.grafana.fail_at = lambda *_: False
    assert "ClickHouse: there is no user" in stand("list").stdout
    assert stand("remove", "acqua", "--yes").exit_code == 0
    assert stand("list").stderr.strip() == "there are no tenants"


@pytest.mark.parametrize("answer", ["nothing", "starting", "another program"])
def test_removing_ends_the_access_also_where_grafana_is_away(
    answer: str, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(_: Connection) -> None:
        raise AssertionError("access does not depend on Grafana: nothing is waited for")

    stand("add", "acqua")
    monkeypatch.setattr(Connection, "wait", wait)
    url = stand.grafana.url
    away = {
        "nothing": ("http://127.0.0.1:9", "cannot be reached"),
        "starting": (url, "does not answer"),
        "another program": (f"{url}/elsewhere", "is no Grafana"),
    }
    other, said = away[answer]
    stand.grafana.starting = answer == "starting"
    broken = stand("remove", "acqua", "--yes", url=other)
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "its ClickHouse access has ended" in broken.stderr
    assert said in broken.stderr
    assert (stand.store.hashes, stand.store.grants, stand.store.policies) == ({}, set(), {})
    stand.grafana.starting = False
    done = stand("remove", "acqua", "--yes")
    assert done.stdout.splitlines() == [
        "unchanged ClickHouse user ascolto.acqua: none",
        "deleted   organisation Ascolto: acqua",
    ]


def test_where_clickhouse_refuses_to_end_the_access_nothing_is_removed(stand: Stand) -> None:
    stand("add", "acqua")
    stand.store.may_manage = False
    done = stand("remove", "acqua", "--yes")
    assert (done.exit_code, "access has ended" in done.stderr) == (1, False)
    assert "CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT=1" in done.stderr
    assert stand.organisation("Ascolto: acqua") is not None


def test_an_organisation_that_we_did_not_make_is_left_alone(stand: Stand) -> None:
    stand("add", "acqua")
    stand.source("Ascolto: acqua")["jsonData"].pop("ascolto")
    for arguments in (["add", "acqua"], ["remove", "acqua", "--yes"]):
        done = stand(*arguments)
        assert done.exit_code == 1
        assert "was not made by Ascolto" in done.stderr
        assert (ACQUA.user in stand.store.hashes) is (arguments[0] == "add")
    assert "its ClickHouse access has ended" in done.stderr
    assert stand.organisation("Ascolto: acqua") is not None


FAULTS = {
    "a role": lambda store: store.roles.append((ACQUA.user, "all")),
    "a further grant": lambda store: store.grants.add((ACQUA.user, "ascolto", "events", "payload")),
    "no policy": lambda store: store.policies.pop((ACQUA.user, "ascolto", "calls")),
    "a wide policy": lambda store: store.policies.update(
        {(ACQUA.user, "ascolto", "calls"): (False, "1", ACQUA.user)}
    ),
    "a policy of system tables": lambda store: store.policies.pop(
        (f"{ACQUA.user} (limit)", "system", "tables")
    ),
    "another setting": lambda store: store.settings[ACQUA.user].update(readonly="0"),
    "another password": lambda store: store.hashes.update({ACQUA.user: "0" * 64}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_listed_and_mended(fault: str, stand: Stand) -> None:
    stand("add", "acqua")
    FAULTS[fault](stand.store)
    listed = stand("list", "--json")
    assert listed.exit_code == 1
    (found,) = json.loads(listed.stdout)
    assert len(found["faults"]) == 1
    done = stand("add", "acqua")
    assert done.exit_code == 0, done.output
    assert "updated   ClickHouse user" in done.stdout
    assert stand("list").exit_code == 0


def test_viewers_are_added_or_invited_and_those_who_see_more_are_named(stand: Stand) -> None:
    stand.grafana.add_user("anna", "anna@acqua.example")
    stand.grafana.add_user("ugo", "ugo@acqua.example", 1)
    asked = ["add", "acqua", "--viewer", "anna@acqua.example", "--viewer", "ugo"]
    done = stand(*asked, "--viewer", "eva@acqua.example")
    assert done.exit_code == 0, done.output
    (link,) = [each["url"] for each in stand.organisation("Ascolto: acqua").invites]
    assert f"created   invitation eva@acqua.example: send them this link: {link}" in done.stdout
    again = stand(*asked, "--viewer", "eva@acqua.example")
    assert "nothing to do" in again.stderr
    assert len(stand.organisation("Ascolto: acqua").invites) == 1
    roles = stand.organisation("Ascolto: acqua").users
    assert sorted(roles.values()) == ["Admin", "Viewer", "Viewer"]
    listed = stand("list")
    assert listed.exit_code == 1
    assert "Grafana: ugo is in Main Org. too" in listed.stdout
    assert "anna" not in listed.stdout


def test_listing_changes_nothing_also_for_another_administrator(stand: Stand) -> None:
    stand("add", "acqua")
    stand.grafana.edit(stand.organisation("Ascolto: acqua").id, "ascolto-agencies", title="Mine")
    stand.grafana.requests.clear()
    stand.store.statements.clear()
    assert "the dashboard ascolto-agencies is not as it should be" in stand("list").stdout
    stand.organisation("Ascolto: acqua").users[1] = "Viewer"
    assert "admin is no administrator of the organisation" in stand("list").stdout
    assert (stand.grafana.changes(), stand.store.statements) == ([], [])
    assert stand("add", "acqua").exit_code == 0
    assert stand("list").exit_code == 0


def zones(stand: Stand, name: str) -> set[str]:
    """The time zones of an organisation's dashboards."""
    return {each["json"]["timezone"] for each in stand.organisation(name).dashboards.values()}


def test_refreshing_brings_every_tenant_up_to_date_as_it_was(stand: Stand) -> None:
    """Grants that an upgrade added, and dashboards; each stays in its language and time zone."""
    stand("add", "acqua", "--language", "en", "--timezone", "Europe/London")
    stand("add", "luce")
    stand("add", "luce", "--agency", "bora")
    assert stand("refresh").stderr.splitlines() == [
        *("acqua: up to date", "luce: up to date", "luce, agency bora: up to date"),
    ]
    behind = {each for each in stand.store.grants if each[0] != "ascolto.luce.bora"}
    stand.store.grants -= {each for each in behind if each[2] == "calls"}
    for name in ("Ascolto: acqua", "Ascolto: luce"):
        stand.grafana.edit(stand.organisation(name).id, "ascolto-live", title="of before")
    assert stand("list").exit_code == 1
    done = stand("refresh")
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == [
        *("acqua: 2 things changed", "luce: 2 things changed", "luce, agency bora: up to date"),
    ]
    assert "updated   dashboard ascolto-live of acqua: its content differs" in done.stdout
    assert stand("list").exit_code == 0
    assert (zones(stand, "Ascolto: acqua"), zones(stand, "Ascolto: luce")) == (
        {"Europe/London"},
        {"Europe/Rome"},
    )
    assert stand("refresh", "--timezone", "Europe/Paris").exit_code == 0
    assert zones(stand, "Ascolto: acqua") == zones(stand, "Ascolto: luce") == {"Europe/Paris"}
    titles = {
        each["json"]["title"] for each in stand.organisation("Ascolto: acqua").dashboards.values()
    }
    assert "Live" in titles


def test_times_are_those_of_the_registry_where_nothing_else_is_asked(
    stand: Stand, tmp_path: Path
) -> None:
    file = tmp_path / "registry.yaml"
    file.write_text(
        json.dumps({"clients": {"acqua": {"name": "Acqua", "time_zone": "Europe/Lisbon"}}})
    )
    stand.registry = str(file)
    for asked in (["acqua"], ["acqua", "--agency", "alfa"], ["luce"]):
        assert stand("add", *asked).exit_code == 0
    assert zones(stand, "Ascolto: acqua") == zones(stand, "Ascolto: acqua, alfa")
    assert (zones(stand, "Ascolto: acqua"), zones(stand, "Ascolto: luce")) == (
        {"Europe/Lisbon"},
        {"Europe/Rome"},
    )
    assert stand("add", "acqua", "--timezone", "Europe/Paris").exit_code == 0
    assert zones(stand, "Ascolto: acqua") == {"Europe/Paris"}
    assert stand("refresh").exit_code == 0
    assert zones(stand, "Ascolto: acqua") == {"Europe/Paris"}, "each stays as it is"


@pytest.mark.parametrize("zone", ["browser", "utc", "", "Europe"])
def test_a_zone_set_in_grafana_that_is_none_holds_up_nobody(zone: str, stand: Stand) -> None:
    for client in ("acqua", "luce"):
        stand("add", client)
    number = stand.organisation("Ascolto: acqua").id
    stand.grafana.edit(number, "ascolto-agencies", timezone=zone)
    listed = stand("list")
    assert "acqua\t-\t0 viewers\t1 fault" in listed.stdout
    assert "luce\t-\t0 viewers\tok" in listed.stdout
    done = stand("refresh")
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == ["acqua: 1 thing changed", "luce: up to date"]
    assert zones(stand, "Ascolto: acqua") == {"Europe/Rome"}


def test_a_target_that_cannot_be_used_holds_up_its_own_client_alone(
    stand: Stand, tmp_path: Path
) -> None:
    for client in ("acqua", "luce"):
        stand("add", client)
    for name in ("acqua", "luce"):
        (tmp_path / name).write_text(
            "https://hooks.slack.com/services/T00000000/B00000000/" + "x" * 24
        )
        (tmp_path / name).chmod(0o600)
    targets = {each: {"targets": {"chat": {"url_file": each}}} for each in ("acqua", "luce")}
    file = tmp_path / "targets.yaml"
    file.write_text(json.dumps({"clients": targets}))
    (tmp_path / "acqua").unlink()
    done = stand("refresh", "--targets", str(file))
    assert done.exit_code == 1
    failed, other = done.stderr.splitlines()
    assert failed.startswith("acqua: ")
    assert "acqua" in failed.removeprefix("acqua: ")
    assert other.startswith("luce: ")
    assert other.endswith("things changed")
    single = stand("add", "acqua", "--targets", str(file))
    assert (single.exit_code, single.stderr) == (1, failed.removeprefix("acqua: ") + "\n")


def test_one_tenant_that_cannot_be_refreshed_holds_up_no_other(stand: Stand) -> None:
    for client in ("acqua", "luce"):
        stand("add", client)
    stand("add", "gas")
    stand.store.hashes.pop("ascolto.gas")
    stand.source("Ascolto: acqua")["jsonData"].pop("ascolto")
    stand.store.settings["ascolto.luce"].update(readonly="0")
    done = stand("refresh")
    assert done.exit_code == 1
    assert "gas: left out, as it is half made or half removed" in done.stderr
    assert "acqua: " in done.stderr
    assert "was not made by Ascolto" in done.stderr
    assert "luce: 1 thing changed" in done.stderr
    assert stand.store.settings["ascolto.luce"]["readonly"] == "1"


def test_without_tenants_there_is_nothing_to_refresh(stand: Stand) -> None:
    done = stand("refresh", "--json")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "[]\n", "there are no tenants\n")


def test_whom_an_upgrade_has_left_behind_is_named_by_migrate_and_doctor(stand: Stand) -> None:
    stand("add", "acqua")
    stand("add", "acqua", "--agency", "alfa")
    assert tenants(cast(Any, stand.store)).well
    stand.store.grants -= {each for each in stand.store.grants if each[2] == "calls"}
    found = tenants(cast(Any, stand.store))
    assert not found.well
    assert "acqua: not all columns of ascolto.calls are granted" in found.seen
    assert "ascolto tenants refresh" in found.todo
    (line,) = _tenants_behind(cast(Any, stand.store))
    assert line.startswith("tenants to bring up to date: acqua, acqua, agency alfa; ascolto tenan")
    stand.store.may_manage = False
    assert _tenants_behind(cast(Any, stand.store)) == []
    assert "not checked" in tenants(cast(Any, stand.store)).seen


def test_a_mistyped_client_is_noticed(stand: Stand) -> None:
    assert "there are of: acqua, luce" in stand("add", "aqcua").stderr
    assert "there are of: alfa" in stand("add", "acqua", "--agency", "afla").stderr


def test_who_may_not_manage_users_is_told_how(stand: Stand) -> None:
    stand.store.may_manage = False
    done = stand("list")
    assert done.exit_code == 1
    assert "CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT=1" in done.stderr
    assert stand("add", "acqua").exit_code == 1
    assert stand.organisation("Ascolto: acqua") is None
    stand.store.may_manage = True
    stand.token.write_text("glsa_token")
    done = stand("list")
    assert (done.exit_code, "user:password" in done.stderr) == (2, True)
    stand.grafana.add_user("ugo", "ugo@acqua.example", 1)
    stand.token.write_text("ugo:own")
    done = stand("list")
    assert (done.exit_code, "administrator of the server" in done.stderr) == (1, True)


@pytest.mark.parametrize("command", ["add", "remove", "list", "refresh"])
def test_without_a_server_there_are_no_tenants(command: str, tmp_path: Path) -> None:
    named = [] if command in ("list", "refresh") else ["acqua"]
    token = tmp_path / "admin"
    token.write_text("admin:pw")
    asked = ["tenants", command, *named, "--url", "http://127.0.0.1:1", "--token-file", str(token)]
    done = CliRunner().invoke(app, asked, env={"ASCOLTO_CLICKHOUSE_URL": ""})
    assert (done.exit_code, "ASCOLTO_CLICKHOUSE_URL" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "ids", [["a b"], ["acqua", "--agency", "x|y"], [""], ["acqua", "--agency", ""]]
)
def test_what_is_no_id_is_refused(ids: list[str], stand: Stand) -> None:
    assert stand("add", *ids).exit_code == 2
    assert stand.grafana.requests == []


def test_dashboards_of_the_team_are_not_for_tenants() -> None:
    given = [{"uid": uid} for uid in ("ascolto-agencies", *FOR_THE_TEAM)]
    assert [each["uid"] for each in of_tenants(given)] == ["ascolto-agencies"]
