"""Attacks of a tenant on ClickHouse, as SQL: what a viewer's script may send through Grafana.

Of a statement it is known whether it is refused. Whatever is answered, or stands in an error, must
hold nothing of others.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.clickhouse.tenants.access import (
    HIDDEN_SYSTEM_TABLES,
    READABLE,
    WITHHELD,
    Readable,
    named,
)
from infra.clickhouse.tenants.identity import Tenant
from schemas.rows import VIEWS

REFUSED = frozenset({497})
"""ClickHouse's code of what a user may not do."""
READ_ONLY = frozenset({164})
"""Its code of what nobody may do who is read-only."""


@dataclass(frozen=True)
class Attack:
    """A statement, and what it may give: with `codes` one of these errors, else an answer."""

    name: str
    sql: str
    codes: frozenset[int] = frozenset()
    rows: int | None = None
    """Rows of the answer, where they are known."""
    value: str | None = None
    """The answer's one value, where it is known."""
    may_be_absent: bool = False
    """Whether the engine in process may lack the table; a server has it."""


def on_tables(tenant: Tenant, other: Tenant, rows: dict[str, list[int]]) -> list[Attack]:
    """Attacks on each table that the tenant reads; `rows` are its own, before and after FINAL."""
    made = []
    for each in READABLE:
        if each.table in VIEWS:
            made += _on_view(tenant, other, each, rows[each.table.name][0])
            continue
        table, (there, final) = each.table.name, rows[each.table.name]
        columns = ", ".join(map(named, each.columns(tenant)))
        guess = f"client_id = '{other.client_id}'"
        if tenant.agency_id:
            others = "1" if each.agency_rows == "0" else f"NOT ({each.row_filter(tenant)})"
            guess = f"(client_id != '' AND ({guess} OR {others}))"
        made += [
            Attack(f"{table}: all", f"SELECT {columns} FROM {table}", rows=there),
            Attack(f"{table}: final", f"SELECT {columns} FROM {table} FINAL", rows=final),
            Attack(f"{table}: count", f"SELECT count() FROM {table}", value=str(there)),
            Attack(f"{table}: count final", f"SELECT count() FROM {table} FINAL", value=str(final)),
            Attack(f"{table}: asked for", f"SELECT {columns} FROM {table} WHERE {guess}", rows=0),
            Attack(
                f"{table}: asked for before",
                f"SELECT {columns} FROM {table} PREWHERE {guess}",
                rows=0,
            ),
            Attack(
                f"{table}: error in where",
                f"SELECT count() FROM {table} WHERE throwIf({guess}) = 0",
                value=str(there),
            ),
            Attack(
                f"{table}: error in prewhere",
                f"SELECT count() FROM {table} FINAL PREWHERE throwIf({guess}) = 0",
                value=str(final),
            ),
            Attack(
                f"{table}: division by zero",
                f"SELECT count() FROM {table} WHERE intDiv(1, NOT {guess}) = 1",
                value=str(there),
            ),
            Attack(
                f"{table}: error in select",
                f"SELECT max(throwIf({guess})) FROM {table}",
                value="0" if there else None,
            ),
            Attack(
                f"{table}: conversion",
                f"SELECT max(toUInt8(if({guess}, 'x', '1'))) FROM {table}",
            ),
            Attack(
                f"{table}: clients",
                f"SELECT uniqExact(client_id) FROM {table}",
                value="1" if there else None,
            ),
            Attack(f"{table}: last client", f"SELECT max(client_id), min(client_id) FROM {table}"),
            Attack(
                f"{table}: each client",
                f"SELECT client_id FROM {table} LIMIT 1 BY client_id",
                rows=min(there, 1),
            ),
            Attack(f"{table}: explained", f"EXPLAIN indexes = 1 SELECT {columns} FROM {table}"),
            Attack(f"{table}: estimated", f"EXPLAIN ESTIMATE SELECT {columns} FROM {table}"),
            Attack(f"{table}: query tree", f"EXPLAIN QUERY TREE SELECT {columns} FROM {table}"),
            Attack(
                f"{table}: marks", f"SELECT * FROM mergeTreeIndex('default', '{table}')", REFUSED
            ),
            Attack(
                f"{table}: analysed",
                f"SELECT * FROM mergeTreeAnalyzeIndexes('default', '{table}')",
                frozenset({497, 60, 46}),
            ),
            Attack(f"{table}: parts", f"SELECT _part, _partition_id FROM {table}", REFUSED),
            Attack(f"{table}: insert", f"INSERT INTO {table} (client_id) VALUES ('x')", REFUSED),
            Attack(f"{table}: delete", f"DELETE FROM {table} WHERE 1", REFUSED),
            Attack(f"{table}: alter delete", f"ALTER TABLE {table} DELETE WHERE 1", REFUSED),
            Attack(f"{table}: update", f"ALTER TABLE {table} UPDATE version = 2 WHERE 1", REFUSED),
            Attack(f"{table}: truncate", f"TRUNCATE TABLE {table}", REFUSED),
            Attack(f"{table}: drop", f"DROP TABLE {table}", REFUSED),
            Attack(f"{table}: rename", f"RENAME TABLE {table} TO mine", REFUSED),
            Attack(f"{table}: detach", f"DETACH TABLE {table}", REFUSED),
            Attack(f"{table}: optimize", f"OPTIMIZE TABLE {table} FINAL", REFUSED),
            Attack(f"{table}: backup", f"BACKUP TABLE {table} TO File('x')", REFUSED),
        ]
        hidden = [name for name in each.table.columns if name not in each.columns(tenant)]
        made += [
            Attack(f"{table}: column {name}", f"SELECT {named(name)} FROM {table}", REFUSED)
            for name in hidden
        ]
    return made


def _on_view(tenant: Tenant, other: Tenant, each: Readable, there: int) -> list[Attack]:
    """Attacks on a view, whose rows are filtered after the table below it was read."""
    view, columns = each.table.name, ", ".join(map(named, each.columns(tenant)))
    guess = f"client_id = '{other.client_id}'"
    text = f"position(customer, '{other.client_id}') > 0"
    oracles = {
        "client": f"throwIf({guess}) = 0",
        "text": f"throwIf({text}) = 0",
        "division": f"intDiv(1, NOT {guess}) = 1",
        "conversion": f"toUInt8(if({text}, 'x', '1')) = 1",
        "cast": f"CAST(if({text}, 'x', '1') AS UInt8) = 1",
        "array": f"toUInt8(arrayElement([if({text}, 'x', '1')], 1)) = 1",
        "accurate cast": f"accurateCast(if({text}, 300, 1), 'UInt8') = 1",
        "date": f"toDate(if({text}, 'x', '2026-01-01')) > '2020-01-01'",
        "json": f"throwIf(length(currency) > 0 AND {text}) = 0",
        "after its own": f"client_id = '{tenant.client_id}' AND throwIf({text}) = 0",
        "before its own": f"throwIf({text}) = 0 AND client_id = '{tenant.client_id}'",
        "lambda": f"arrayExists(x -> throwIf(x), [{text}]) = 0",
    }
    return [
        Attack(f"{view}: all", f"SELECT {columns} FROM {view}", rows=there),
        Attack(f"{view}: count", f"SELECT count() FROM {view}", value=str(there)),
        Attack(f"{view}: asked for", f"SELECT {columns} FROM {view} WHERE {guess}", rows=0),
        Attack(f"{view}: explained", f"EXPLAIN actions = 1 SELECT {columns} FROM {view}"),
        Attack(f"{view}: estimated", f"EXPLAIN ESTIMATE SELECT {columns} FROM {view}"),
        Attack(f"{view}: created", f"SHOW CREATE TABLE {view}", REFUSED),
        Attack(f"{view}: insert", f"INSERT INTO {view} (client_id) VALUES ('x')", REFUSED),
        Attack(f"{view}: drop", f"DROP VIEW {view}", REFUSED),
        Attack(f"{view}: replace", f"CREATE OR REPLACE VIEW {view} AS SELECT 1", REFUSED),
        Attack(f"{view}: alter", f"ALTER TABLE {view} MODIFY QUERY SELECT 1", REFUSED),
        *(
            Attack(
                f"{view}: oracle, {name}",
                f"SELECT count() FROM {view} WHERE {condition}",
                value=str(there),
            )
            for name, condition in oracles.items()
        ),
        *(
            Attack(
                f"{view}: oracle in sum, {name}", f"SELECT sum(toUInt64({condition})) FROM {view}"
            )
            for name, condition in oracles.items()
        ),
    ]


def on_withheld() -> list[Attack]:
    """Attacks on the tables that no tenant reads."""
    made = []
    for table in WITHHELD:
        ways = {
            "all": f"SELECT * FROM {table}",
            "final": f"SELECT * FROM {table} FINAL",
            "count": f"SELECT count() FROM {table}",
            "constant": f"SELECT 1 FROM {table}",
            "explained": f"EXPLAIN SELECT * FROM {table}",
            "estimated": f"EXPLAIN ESTIMATE SELECT * FROM {table}",
            "union": f"SELECT client_id FROM calls UNION ALL SELECT toString(1) FROM {table}",
            "scalar": f"SELECT (SELECT count() FROM {table})",
            "with": f"WITH x AS (SELECT * FROM {table}) SELECT * FROM x",
            "join": f"SELECT 1 FROM calls CROSS JOIN {table}",
            "in": f"SELECT client_id FROM calls WHERE client_id IN {table}",
            "exists": f"SELECT client_id FROM calls WHERE EXISTS (SELECT 1 FROM {table})",
            "view": f"SELECT * FROM view(SELECT * FROM {table})",
            "marks": f"SELECT * FROM mergeTreeIndex('default', '{table}')",
            "loop": f"SELECT * FROM loop('default', '{table}') LIMIT 1",
            "create": f"SHOW CREATE TABLE {table}",
            "described": f"DESCRIBE TABLE {table}",
            "there": f"EXISTS TABLE {table}",
            "column": f"SELECT hasColumnInTable('default', '{table}', 'version')",
            "insert": f"INSERT INTO {table} SELECT * FROM {table}",
            "drop": f"DROP TABLE {table}",
        }
        made += [Attack(f"{table}: {way}", sql, REFUSED) for way, sql in ways.items()]
        made.append(
            Attack(
                f"{table}: if permitted",
                f"SELECT * FROM viewIfPermitted(SELECT * FROM {table} ELSE null('x String'))",
                rows=0,
            )
        )
        made.append(
            Attack(
                f"{table}: merged",
                f"SELECT * FROM merge('default', '^{table}$')",
                frozenset({497, 636}),
            )
        )
    return made


def elsewhere() -> list[Attack]:
    """Attacks by other ways: functions that reach out, system tables, settings, new objects."""
    out = {
        "remote": "remote('127.0.0.1', 'default', 'events')",
        "remote, secure": "remoteSecure('127.0.0.1', 'default', 'calls')",
        "url": "url('http://127.0.0.1:1/', 'CSV', 'a String')",
        "file": "file('/etc/passwd', 'LineAsString')",
        "s3": "s3('http://127.0.0.1:1/bucket/x', 'CSV', 'a String')",
        "executable": "executable('x.sh', 'TSV', 'a String')",
        "mysql": "mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "postgresql": "postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "mongodb": "mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e String')",
        "sqlite": "sqlite('/tmp/x.db', 't')",
        "jdbc": "jdbc('x', 'y')",
        "odbc": "odbc('x', 'y', 'z')",
        "hdfs": "hdfs('hdfs://127.0.0.1:1/x', 'CSV', 'a String')",
        "dictionary": "dictionary('d')",
        "merge": "merge('default', 'calls|events|dead_letters')",
        "merge of all": "merge(REGEXP('.*'), '.*')",
    }
    made = [
        Attack(f"from {name}", f"SELECT * FROM {function}", frozenset({497, 36, 46, 636}))
        for name, function in out.items()
    ]
    made += [
        Attack(f"into {name}", f"INSERT INTO FUNCTION {function} SELECT 'x'", REFUSED)
        for name, function in list(out.items())[2:5]
    ]
    made += [
        Attack(
            f"system.{table}",
            f"SELECT * FROM system.{table}",
            rows=0,
            may_be_absent=True,
        )
        for table in HIDDEN_SYSTEM_TABLES
    ]
    asked = {
        "sizes": ("SELECT name, total_rows, total_bytes FROM system.tables", 0),
        "sizes, standard": ("SELECT * FROM information_schema.tables", 0),
        "columns, standard": ("SELECT * FROM information_schema.columns", 0),
        "tables shown": ("SHOW TABLES", 0),
        "columns shown": ("SHOW COLUMNS FROM calls", 0),
        "indexes shown": ("SHOW INDEXES FROM calls", 0),
        "queries shown": ("SHOW PROCESSLIST", 0),
        "dictionaries shown": ("SHOW DICTIONARIES", 0),
    }
    made += [Attack(name, sql, rows=rows) for name, (sql, rows) in asked.items()]
    made += [
        Attack(name, sql, REFUSED)
        for name, sql in {
            "users": "SELECT * FROM system.users",
            "policies": "SELECT * FROM system.row_policies",
            "grants": "SELECT * FROM system.grants",
            "quotas": "SELECT * FROM system.quotas",
            "users shown": "SHOW USERS",
            "policies shown": "SHOW CREATE ROW POLICY x ON calls",
            "user made": "CREATE USER x",
            "role made": "CREATE ROLE x",
            "policy made": "CREATE ROW POLICY x ON calls USING 1 TO default",
            "policy dropped": "DROP ROW POLICY IF EXISTS default ON calls",
            "granted": "GRANT SELECT ON *.* TO default",
            "table made": "CREATE TABLE t (a Int8) ENGINE = Memory",
            "temporary table made": "CREATE TEMPORARY TABLE t (a Int8)",
            "view made": "CREATE VIEW v AS SELECT 1",
            "database made": "CREATE DATABASE x",
            "function made": "CREATE FUNCTION f AS x -> x",
            "dictionary made": "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(NULL()) "
            "LIFETIME(1) LAYOUT(FLAT())",
            "logs flushed": "SYSTEM FLUSH LOGS",
            "merges stopped": "SYSTEM STOP MERGES calls",
            "caches dropped": "SYSTEM DROP MARK CACHE",
            "symbols": "SELECT addressToLine(1)",
        }.items()
    ]
    settings = {
        "readonly": "readonly = 0",
        "readonly, some": "readonly = 2",
        "no time limit": "max_execution_time = 0",
        "memory": "max_memory_usage = 0",
        "filters": "additional_table_filters = {'calls': '1'}",
        "result": "max_threads = 64",
        "cache": "use_query_cache = 1",
        "comment": "log_comment = 'x'",
        "dialect": "dialect = 'prql'",
    }
    for name, setting in settings.items():
        made.append(Attack(f"set {name}", f"SET {setting}", READ_ONLY))
        made.append(Attack(f"select with {name}", f"SELECT 1 SETTINGS {setting}", READ_ONLY))
    return [
        *made,
        Attack("the time limit as it is", "SELECT 1 SETTINGS max_execution_time = 60", value="1"),
        Attack("roles laid down", "SET ROLE NONE"),
        Attack("rows after that", "SELECT uniqExact(client_id) FROM calls", value="1"),
        Attack("as another", "EXECUTE AS default SELECT 1", frozenset({344, 497, 62})),
    ]
