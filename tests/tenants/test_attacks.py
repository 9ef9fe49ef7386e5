"""A tenant against ClickHouse's own access control: no statement shows anything of others."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.clickhouse.tenants.access import READABLE, WITHHELD
from infra.clickhouse.tenants.identity import Tenant
from infra.clickhouse.tenants.server import row_policies
from schemas.rows import TABLES, VIEWS
from tests.dashboards.dashboard_rows import CLIENT, OTHER_CLIENT
from tests.tenants import attacks
from tests.tenants.attack_child import AGENCY, OTHER_AGENCY
from tests.tenants.users_file import DATABASE, as_administrator, as_tenant, write_config
from tests.waiting import completed

TENANTS = {"client": Tenant(CLIENT), "agency": Tenant(CLIENT, AGENCY)}
OTHER = Tenant(OTHER_CLIENT)
UNKNOWN_TABLE = 60
_NO_ROWS = {each.table.name: [0, 0] for each in READABLE}


def made(tenant: Tenant, rows: dict[str, list[int]]) -> list[attacks.Attack]:
    """All attacks of a tenant; an agency has the same user but for its rows, and tries those."""
    on_tables = attacks.on_tables(tenant, OTHER, rows)
    if tenant.agency_id:
        return on_tables
    written = attacks.on_tables_to_write()
    return [*on_tables, *written, *attacks.on_withheld(), *attacks.elsewhere()]


CASES = [(who, each.name) for who, tenant in TENANTS.items() for each in made(tenant, _NO_ROWS)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store with two client companies, and what its owner sees."""
    folder = tmp_path_factory.mktemp("attacked")
    config = write_config(folder / "admin", as_administrator(*TENANTS.values()))
    return folder, child("fill", folder / "store", config)


@pytest.fixture(scope="module")
def seen(filled: tuple[Path, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What each tenant's attacks gave, by the attack's name."""
    folder, owner = filled
    found = {}
    for who, tenant in TENANTS.items():
        tried = made(tenant, owner[who]["rows"])
        config = write_config(folder / who, as_tenant(tenant))
        ids = [tenant.client_id, *filter(None, [tenant.agency_id])]
        given = json.dumps([each.sql for each in tried])
        result = child("attack", folder / "store", config, *ids, given=given)
        outcomes = zip(tried, result.pop("outcomes"), strict=True)
        found[who] = result | {each.name: (each, outcome) for each, outcome in outcomes}
    return found


def child(task: str, *arguments: Path | str, given: str | None = None) -> Any:
    command = [sys.executable, "-m", "tests.tenants.attack_child", task, *arguments]
    done = completed(command, given=given)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(("who", "name"), CASES)
def test_a_tenant_sees_nothing_of_others(
    who: str, name: str, seen: dict[str, dict[str, Any]]
) -> None:
    attack, outcome = seen[who][name]
    tenant = TENANTS[who]
    for client, agency in outcome["markers"]:
        assert client == tenant.client_id
        assert not tenant.agency_id or agency == tenant.agency_id
    if attack.codes:
        assert outcome["code"] in attack.codes, outcome["text"]
        return
    if attack.may_be_absent and outcome["code"] == UNKNOWN_TABLE:
        return
    assert outcome["code"] == 0, outcome["text"]
    if attack.rows is not None:
        assert outcome["rows"] == attack.rows
    if attack.value is not None:
        assert outcome["value"] == attack.value


def read_rows(text: str) -> list[list[str]]:
    rows: list[list[str]] = ast.literal_eval(text)
    return rows


def test_what_a_tenant_may_see_is_seen_by_its_markers(seen: dict[str, dict[str, Any]]) -> None:
    own = [[CLIENT, AGENCY], [CLIENT, OTHER_AGENCY]]
    assert seen["client"]["calls: all"][1]["markers"] == own
    assert seen["agency"]["calls: all"][1]["markers"] == own[:1]
    assert seen["client"]["payments_and_cancellations: all"][1]["markers"] == own


@pytest.mark.parametrize("who", TENANTS)
def test_every_panel_shows_a_tenant_what_its_owner_would_show_it(
    who: str, filled: tuple[Path, dict[str, Any]], seen: dict[str, dict[str, Any]]
) -> None:
    owner, tenant = filled[1][who]["panels"], seen[who]["panels"]
    choices = {"clients", "agencies", "segments"}
    assert {name: tenant[name] for name in tenant.keys() - choices} == {
        name: owner[name] for name in owner.keys() - choices
    }
    shown = [name for name, outcome in tenant.items() if outcome["text"] != "[]"]
    assert len(shown) > 15
    assert [row[0] for row in read_rows(tenant["clients"]["text"])] == [CLIENT]
    agencies = [row[0] for row in read_rows(tenant["agencies"]["text"])]
    segments = read_rows(tenant["segments"]["text"])
    assert ["all"] in segments
    assert all(row in read_rows(owner["segments"]["text"]) for row in segments)
    assert agencies == [AGENCY] if who == "agency" else len(agencies) > 2


@pytest.mark.parametrize("who", TENANTS)
def test_the_commands_own_check_finds_a_tenant_isolated(
    who: str, seen: dict[str, dict[str, Any]]
) -> None:
    assert seen[who]["faults"] == []


def test_the_commands_own_check_finds_a_user_without_limits(
    filled: tuple[Path, dict[str, Any]],
) -> None:
    faults = filled[1]["faults"]
    for table in WITHHELD:
        assert f"it reads {table}" in faults
    for each in READABLE:
        assert any(f"rows of others in {each.table.name}" in fault for fault in faults)
    assert "it reads system.tables" in faults
    assert "its setting readonly is 0, not 1" in faults


def test_users_policies_and_grants_are_read_back_from_the_engine(
    filled: tuple[Path, dict[str, Any]],
) -> None:
    access = filled[1]["access"]
    assert set(access) == {str(tenant) for tenant in TENANTS.values()}
    # A users file has no restrictive policies, and settings by profile: only those are missing.
    for faults in access.values():
        assert all("row policy" in fault or "the setting" in fault for fault in faults)
    shown = {(*where, re.sub(r"[\s()`]", "", text)) for *where, text in filled[1]["filters"]}
    for tenant in TENANTS.values():
        assert {(each[1], each[2], each[4]) for each in row_policies(tenant, DATABASE)} <= shown


def test_clickhouse_understands_every_statement_for_a_server(
    filled: tuple[Path, dict[str, Any]],
) -> None:
    assert filled[1]["unread"] == []


def test_every_table_is_either_readable_or_withheld() -> None:
    readable = {each.table.name for each in READABLE}
    assert readable & set(WITHHELD) == set()
    there = {table.name for table in (*TABLES, *VIEWS)} | {"schema_migrations"}
    assert there == readable | set(WITHHELD)


def test_a_column_of_text_is_readable_only_after_a_decision() -> None:
    """Whoever adds one says here that it holds no raw text: ids are pseudonyms, texts redacted."""
    everything = Tenant("acqua")
    texts = {
        f"{each.table.name}.{name}"
        for each in READABLE
        for name in each.columns(everything)
        if "String" in each.table.columns[name] and "LowCardinality" not in each.table.columns[name]
    }
    assert texts == {
        *("calls.event_id", "calls.customer", "calls.drivers", "calls.conduct", "calls.quotes"),
        *("calls.turns", "calls.why", "calls.driver_quotes", "call_surveys.event_id"),
        "attempts.event_id",
        *("attempts.customer", "engagements.customer", "alerts.alert_id", "alerts.quotes"),
        "display_names.name",
        "contact_excesses.event_id",
        # What the client company's own people wrote, and their names.
        *(f"alert_actions.{name}" for name in ("alert_id", "action_id", "who", "text")),
        *(f"payments_and_cancellations.{name}" for name in ("customer", "kind", "currency")),
    }
