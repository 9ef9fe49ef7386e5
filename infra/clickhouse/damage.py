"""Damaged files of the embedded store: found, named by table, and how to repair them.

The engine sets a damaged part aside at its start and continues without its rows, or raises when
it reads one. Neither may pass for a figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from infra.errors import InfraError
from schemas.rows import ALERT_ACTIONS, DEAD_LETTERS, EVENTS

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

FACTS = (EVENTS.name, DEAD_LETTERS.name, ALERT_ACTIONS.name)
"""Tables that nothing in the store can make again."""

DAMAGE_CODES = frozenset(
    {27, 32, 33, 40, 74, 76, 79, 95, 107, 117, 130, 226, 227, 228, 231, 232, 246, 271, 432, 1001}
)
"""ClickHouse's codes of files that are damaged, cut short or missing."""

_SET_ASIDE = (
    "SELECT DISTINCT table, name FROM system.detached_parts "
    "WHERE database = currentDatabase() AND startsWith(assumeNotNull(reason), 'broken') "
    "ORDER BY table, name"
)


class StoreDamaged(InfraError):
    """Files of the embedded store are damaged; the message says which tables' and what to do.

    `tables` are their names, none where the store cannot be opened at all.
    """

    def __init__(self, message: str, tables: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.tables = tuple(tables)


def is_damage(error: Exception) -> bool:
    """Whether an error of the engine comes from a damaged file."""
    return getattr(error, "code", None) in DAMAGE_CODES


def parts_set_aside(client: Client) -> list[tuple[str, str]]:
    """Table and name of each part that the engine could not read and continues without."""
    return [(str(table), str(part)) for table, part in client.query(_SET_ASIDE).result_rows]


def check_parts(client: Client, path: Path) -> None:
    """Refuse a store of which the engine has set parts aside.

    Raises:
        StoreDamaged: it has.
    """
    broken = parts_set_aside(client)
    if broken:
        raise damaged(path, {table for table, _ in broken})


def check_tables(client: Client, path: Path, tables: Iterable[str]) -> None:
    """Read every file of `tables` and compare it with its checksum.

    Raises:
        StoreDamaged: one differs.
    """
    broken = {table for table in tables if not is_whole(client, table)}
    if broken:
        raise damaged(path, broken)


def damaged(path: Path, tables: Iterable[str]) -> StoreDamaged:
    """The error for a store of which `tables` are damaged."""
    names = sorted(tables)
    of = f"files of the store in {path} are damaged ({', '.join(names)}): its figures are not shown"
    data_dir = path.parent
    if not set(names) & set(FACTS):
        todo = (
            "the events they are made from are whole, so make them again: ascolto rebuild "
            f"--data-dir {data_dir}"
        )
    else:
        todo = _from_elsewhere(data_dir)
    return StoreDamaged(f"{of}; {todo}", names)


def unopenable(path: Path) -> str:
    """The message about a store that the engine cannot open."""
    return f"the store in {path} cannot be opened: it is damaged; {_from_elsewhere(path.parent)}"


def _from_elsewhere(data_dir: Path) -> str:
    return (
        f"restore {data_dir} from a backup, or move it away (its pseudonym.key stays with you) "
        "and send the events again, from their files (ascolto run all --events FILE) or from the "
        "system that emitted them"
    )


def is_whole(client: Client, table: str) -> bool:
    """Whether every file of `table` has its checksum."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    try:
        rows = client.query(
            f"CHECK TABLE {table} SETTINGS check_query_single_value_result = 1"
        ).result_rows
    except DatabaseError as error:
        if is_damage(error):
            return False
        raise
    return all(bool(row[0]) for row in rows)
