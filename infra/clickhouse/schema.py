"""Numbered, reversible migrations: `NNNN_name.up.sql` and `NNNN_name.down.sql`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

LEDGER = "schema_migrations"
_FOR_EACH = "-- for each: "
_NUMBERS = f"SELECT DISTINCT number FROM {LEDGER} ORDER BY number"  # noqa: S608 - a constant


@dataclass(frozen=True)
class Migration:
    """One step of the store's schema; statements end with a line of `;`.

    An interrupted step is repeated from its beginning, so each statement must be safe to
    repeat (`IF NOT EXISTS`, `IF EXISTS`). One that begins with a line `-- for each: QUERY` is
    executed once a row of the query, with the row's values as its parameters.
    """

    number: int
    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]


def migrations() -> list[Migration]:
    """All migrations, in order."""
    folder = resources.files("infra.clickhouse") / "migrations"
    files = {entry.name: entry for entry in folder.iterdir()}
    found = []
    for file_name in sorted(name for name in files if name.endswith(".up.sql")):
        stem = file_name.removesuffix(".up.sql")
        number, _, name = stem.partition("_")
        found.append(
            Migration(
                int(number),
                name,
                _statements(files[file_name].read_text(encoding="utf-8")),
                _statements(files[f"{stem}.down.sql"].read_text(encoding="utf-8")),
            )
        )
    return found


def _statements(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("\n;") if part.strip())


def applied(client: Client) -> list[int]:
    """Numbers of the migrations the store has, in order."""
    client.command(
        f"CREATE TABLE IF NOT EXISTS {LEDGER} (number UInt32, name String) "
        "ENGINE = MergeTree ORDER BY number"
    )
    rows = client.query(_NUMBERS).result_rows
    return [int(row[0]) for row in rows]


def migrate(client: Client, target: int | None = None) -> list[str]:
    """Bring the store to migration `target` (default: the newest), forward or back.

    Returns:
        The steps taken, as `0001_initial up`.
    """
    steps = migrations()
    goal = steps[-1].number if target is None else target
    have = set(applied(client))
    taken = []
    for step in steps:
        if step.number <= goal and step.number not in have:
            for statement in step.up:
                _execute(client, statement)
            client.insert(LEDGER, [[step.number, step.name]], column_names=["number", "name"])
            taken.append(f"{step.number:04d}_{step.name} up")
    for step in reversed(steps):
        if step.number > goal and step.number in have:
            for statement in step.down:
                _execute(client, statement)
            client.command(
                f"DELETE FROM {LEDGER} WHERE number = {{number:UInt32}}",  # noqa: S608 - a constant
                parameters={"number": step.number},
            )
            taken.append(f"{step.number:04d}_{step.name} down")
    return taken


def _execute(client: Client, statement: str) -> None:
    """Execute a statement of a migration, where it says so once for each row of a query.

    A table is copied in pieces so: each is done before a client or a watch gives up waiting.
    """
    if not statement.startswith(_FOR_EACH):
        client.command(statement)
        return
    query, _, repeated = statement.removeprefix(_FOR_EACH).partition("\n")
    found = client.query(query)
    for row in found.result_rows:
        client.command(repeated, parameters=dict(zip(found.column_names, row, strict=True)))
