"""A store filled for two client companies, and attacks on it as one tenant: each in a process.

    python -m tests.tenants.attack_child fill STORE CONFIG
    python -m tests.tenants.attack_child attack STORE CONFIG < attacks as JSON

The first leaves a store; the second prints what each statement gave.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

from dashboards.panels import OVERVIEW
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from infra.clickhouse.schema import migrate, migrations
from infra.clickhouse.tenants.access import READABLE
from infra.clickhouse.tenants.identity import Tenant
from infra.clickhouse.tenants.server import faults, isolation_faults, read_access
from infra.clickhouse.tenants.statements import drop_policy, drop_user, set_access, set_user
from schemas.rows import EVENTS, TABLES, VIEWS, Table
from tests.dashboards import dashboard_rows
from tests.dashboards.dashboard_rows import CLIENT, NOW, OTHER_CLIENT
from tests.tenants.users_file import DATABASE, OWNER

AGENCY, OTHER_AGENCY = "ferro-recuperi", "nexum-servizi"
WHOLE = ("clients", "agencies", "segments")
"""Queries of Grafana's variables."""


PAYMENT = {"topic": "payment-received", "event_id": "paid", "payload": '{"data":{"amount":"12.5"}}'}
"""What makes a row of the journal a payment."""


def marker(client: str, agency: str) -> str:
    """A text that stands in every row of one agency, in each column that holds text."""
    return f"zq<{client}|{agency}>"


def open_store(store: str) -> Any:
    """A client of the engine; `store` may name a configuration."""
    return clickhouse_connect.get_client(interface="chdb", path=store)


def fill(store: str, config: str) -> dict[str, Any]:
    """Two agencies of two client companies in every table, all in one part; what there is."""
    client = open_store(f"{store}?config-file={config}")
    migrate(client)
    for statement in views():
        client.command(statement)
    for table in TABLES:
        rows = [marked(table, c, a) for c in (CLIENT, OTHER_CLIENT) for a in (AGENCY, OTHER_AGENCY)]
        if table is EVENTS:
            rows += [row | PAYMENT for row in rows]
        client.insert(table.name, [list(row.values()) for row in rows], column_names=list(rows[0]))
    for name, rows in dashboard_rows.rows().items():
        by_columns: dict[tuple[str, ...], list[list[Any]]] = {}
        for row in rows:
            by_columns.setdefault(tuple(row), []).append(list(row.values()))
        for columns, values in by_columns.items():
            client.insert(name, values, column_names=columns)
    tenants = {"client": Tenant(CLIENT), "agency": Tenant(CLIENT, AGENCY)}
    seen: dict[str, Any] = {
        "access": {
            str(tenant): faults(access, tenant, DATABASE)
            for tenant, access in read_access(client).items()
        },
        # Of a users file the engine shows policies under names with a backslash before each dot.
        "filters": client.query(
            "SELECT DISTINCT database, table, select_filter FROM system.row_policies"
        ).result_rows,
        "faults": isolation_faults(client, tenants["agency"], DATABASE),
        "unread": unread(client, [*tenants.values(), Tenant("a'b`{}$%", "x.y~\\")]),
    }
    for name, tenant in tenants.items():
        seen[name] = {
            "rows": {each.table.name: count(client, each, tenant) for each in READABLE},
            "panels": panels(client, (AGENCY,) if tenant.agency_id else ()),
        }
    client.close()
    return seen


def views() -> list[str]:
    """The statements that make the views, with the rights of another user than the session's."""
    made = [each for step in migrations() for each in step.up if " VIEW " in each]
    return [each.replace("DEFINER = CURRENT_USER", f"DEFINER = {OWNER}") for each in made]


def unread(client: Any, tenants: list[Tenant]) -> list[str]:
    """The statements for a server that the engine's parser does not understand."""
    statements = [
        statement
        for each in tenants
        for statement in (
            *set_user(each, "password"),
            *set_access(each, "asc`olto", ["a role"]),
            drop_user(each),
            drop_policy(each.user, DATABASE, "calls"),
        )
    ]
    read = client.query(
        "SELECT formatQueryOrNull(each) FROM (SELECT arrayJoin({all:Array(String)}) AS each)",
        parameters={"all": statements},
    ).result_rows
    return [sql for sql, (form,) in zip(statements, read, strict=True) if not form]


def marked(table: Table, client: str, agency: str) -> dict[str, Any]:
    """A row whose texts are all the agency's marker."""
    text = marker(client, agency)
    row: dict[str, Any] = {"version": 1}
    for name, kind in table.columns.items():
        if kind in ("String", "Nullable(String)", "LowCardinality(String)"):
            row[name] = text
        elif kind == "Array(String)":
            row[name] = [text]
        elif kind.startswith("Array(Tuple(kind") or kind.startswith("Array(Tuple(event_id"):
            row[name] = [(text, 0, text, 1.0)]
    given = {"client_id": client, "agency_id": agency, "group_name": agency, "group_kind": "agency"}
    if table.name == "letter_replays":
        given["client_id"] = text
    return row | {name: value for name, value in given.items() if name in table.columns}


def count(client: Any, each: Any, tenant: Tenant) -> list[int]:
    """Rows of a tenant in a table, as they lie there and after replacing."""
    return [
        client.query(
            f"SELECT count() FROM {each.table.name} {final} WHERE {each.row_filter(tenant)}"
        ).result_rows[0][0]
        for final in ("", "" if each.table in VIEWS else "FINAL")
    ]


def panels(client: Any, agencies: tuple[str, ...]) -> dict[str, Any]:
    """What each panel and variable of Grafana's dashboards shows."""
    chosen = Choices(CLIENT, NOW, agencies=agencies)
    asked = {panel.id: panel.named_sql for panel in OVERVIEW}
    asked |= {name: query(name, named=name != "segments") for name in WHOLE}
    return {name: outcome(client, *expand(sql, chosen)) for name, sql in asked.items()}


def outcome(client: Any, sql: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    """The rows of a statement, or its error."""
    try:
        if sql.split()[0] in ("SELECT", "WITH", "EXPLAIN", "SHOW", "DESCRIBE", "EXISTS"):
            rows = client.query(sql, parameters=parameters).result_rows
        else:
            rows = [[client.command(sql)]]
    except DatabaseError as error:
        return {"code": error.code, "text": str(error)}
    return {"code": 0, "text": repr([[str(value) for value in row] for row in rows])}


def attack(store: str, config: str, tenant: Tenant) -> dict[str, Any]:
    """What each statement gives to the tenant; the panels; what the command's own check says."""
    client = open_store(f"{store}?config-file={config}")
    statements = json.load(sys.stdin)
    return {
        "outcomes": [outcome(client, statement) for statement in statements],
        "panels": panels(client, (AGENCY,) if tenant.agency_id else ()),
        "faults": isolation_faults(client, tenant, DATABASE),
    }


if __name__ == "__main__":
    task, where, *more = sys.argv[1:]
    seen = fill(where, more[0]) if task == "fill" else attack(where, more[0], Tenant(*more[1:]))
    print(json.dumps(seen))
