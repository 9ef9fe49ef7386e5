"""`ascolto rebuild`: all figures again from the journal beside the old, then in their place."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import described, say
from infra.cli.figures.reconcile import differences_as_json, print_differences
from infra.cli.run.stack import Stack
from infra.cli.store_access import require_store
from infra.clickhouse.client import STORE_DIRECTORY, NoStore, StoreInUse, open_embedded
from infra.clickhouse.comparison import Difference, differences
from infra.clickhouse.damage import (
    FACTS,
    StoreDamaged,
    check_tables,
    damaged,
    is_damage,
    parts_set_aside,
)
from infra.clickhouse.journal import DERIVED
from infra.clickhouse.reconcile import Comparison, both_sides
from infra.data_directory.permissions import create_once, keep_files_private, make_private
from infra.data_directory.processes import lock_data_directory
from infra.errors import InfraError
from infra.settings import Settings
from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    ATTEMPTS,
    CALL_SCORES,
    CALL_SURVEYS,
    CONTACT_EXCESSES,
    DEAD_LETTERS,
    DISPLAY_NAMES,
    ENGAGEMENTS,
    NOTIFICATIONS,
    TABLES,
    WORKER_STATUS,
    Table,
)

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

WORKPLACE = "rebuild"
"""Directory below the data directory in which the new store is made; removed when done."""

_SIDES = "old", "rebuilt"

_DISPENSABLE = (DISPLAY_NAMES, NOTIFICATIONS, WORKER_STATUS)
"""Names come from the registry again; notifications and the workers' status start again."""

_SNAPSHOTS = replace(
    AGENCY_METRICS, key=("client_id", "agency_id", "segment", "window", "as_of"), removable=False
)
_COMPARISONS = (
    Comparison(ATTEMPTS, "ended_at", ATTEMPTS.name),
    Comparison(CALL_SURVEYS, "known_at", CALL_SURVEYS.name),
    Comparison(CONTACT_EXCESSES, "ended_at", CONTACT_EXCESSES.name),
    Comparison(ENGAGEMENTS, "opened_at", ENGAGEMENTS.name),
    Comparison(AGENCY_HOURS, "hour", AGENCY_HOURS.name, absent_is_zero=True),
    Comparison(_SNAPSHOTS, "as_of", AGENCY_METRICS.name, left_out=("day",)),
    Comparison(
        DEAD_LETTERS,
        "written_at",
        DEAD_LETTERS.name,
        left_out=tuple(name for name in DEAD_LETTERS.columns if name != "reason"),
    ),
)


def rebuild(settings: Settings, accept: bool, as_json: bool) -> int:
    """Send the journal through the workers into a new store, compare, and switch to it.

    The old store stays as it is until the switch, which is atomic, and happens only if the
    figures are equal or `accept` is given. Nothing else may use the data directory.

    Returns:
        0 switched, 1 not switched.
    """
    if settings.clickhouse_url is not None:
        say("rebuild serves the embedded stack; docs/reconcile.md says how to do it on a server")
        return 1
    from clickhouse_connect.driver.exceptions import DatabaseError

    require_store(settings.data_dir)
    keep_files_private()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    workplace = settings.data_dir / WORKPLACE
    try:
        with _held(settings.data_dir):
            shutil.rmtree(workplace, ignore_errors=True)
            old = _export(settings.data_dir, workplace)
            for table in DERIVED:
                if table.name not in old:
                    say(f"{table.name} is damaged: it is made again, and not compared")
            _replay(settings, workplace, old)
            compared, found = _compare(workplace, old)
            switched = accept or not found
            if switched:
                exchange(settings.data_dir / STORE_DIRECTORY, workplace / STORE_DIRECTORY)
            shutil.rmtree(workplace)
    except KeyboardInterrupt:
        say("stopped; the old figures stay")
        return 1
    except (NoStore, StoreInUse, StoreDamaged) as error:
        say(str(error))
        return 1
    except InfraError as error:
        say(f"{error}\nthe old figures stay")
        return 1
    except DatabaseError as error:
        if not is_damage(error):
            raise
        say(str(damaged(settings.data_dir / STORE_DIRECTORY, FACTS)))
        return 1
    except OSError as error:
        say(f"{described(error)}\nthe old figures stay")
        return 1
    if as_json:
        print(json.dumps({**differences_as_json(compared, found, _SIDES), "switched": switched}))
    else:
        print_differences(compared, found, _SIDES)
    say("switched to the rebuilt figures" if switched else _HOW_TO_ACCEPT)
    return 0 if switched else 1


_HOW_TO_ACCEPT = "the old figures stay; to have the rebuilt ones: ascolto rebuild --accept"


def exchange(one: Path, other: Path) -> None:
    """Exchange two directories of one file system atomically; at no moment is either missing.

    Raises:
        OSError: the file system cannot; nothing has happened.
    """
    system = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = system.renamex_np(*names, _EXCHANGE)
    else:
        failed = system.renameat2(_FROM_HERE, names[0], _FROM_HERE, names[1], _EXCHANGE)
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one), None, str(other))


_FROM_HERE = -100
_EXCHANGE = 2
"""`AT_FDCWD` and `RENAME_EXCHANGE` of Linux; macOS's `RENAME_SWAP` is the same number."""


@contextlib.contextmanager
def _held(data_dir: Path) -> Iterator[None]:
    """Lock the directory against stacks, as they lock it against each other."""
    make_private(data_dir)
    with lock_data_directory(data_dir):
        yield


def _export(data_dir: Path, workplace: Path) -> dict[str, Path]:
    """The old tables as files: to take the facts from, and to compare the figures with.

    Tables that the facts make again are left out where they are damaged.

    Raises:
        StoreDamaged: the facts themselves are.
    """
    from clickhouse_connect.driver.exceptions import DatabaseError

    from infra.clickhouse.schema import migrate

    folder = workplace / "old"
    folder.mkdir(parents=True)
    files = {table.name: folder / f"{table.name}.native" for table in TABLES}
    with contextlib.closing(open_embedded(data_dir, damaged=True)) as client:
        broken = {table for table, _ in parts_set_aside(client)}
        if broken & set(FACTS):
            raise damaged(data_dir / STORE_DIRECTORY, broken)
        migrate(client)
        check_tables(client, data_dir / STORE_DIRECTORY, FACTS)
        for name, file in files.items():
            try:
                client.command(
                    f"INSERT INTO FUNCTION file({{file:String}}, 'Native') SELECT * FROM {name} FINAL",  # noqa: S608, E501 - a constant
                    parameters={"file": str(file)},
                )
            except DatabaseError as error:
                if name in FACTS or not is_damage(error):
                    raise
                broken.add(name)
    return {name: file for name, file in files.items() if name not in broken}


def _replay(settings: Settings, workplace: Path, old: dict[str, Path]) -> None:
    """Make a store that has the old one's facts, and let the workers derive the rest."""
    from infra.clickhouse.schema import migrate

    with contextlib.closing(open_embedded(workplace)) as client:
        migrate(client)
        for table in TABLES:
            if table in _DISPENSABLE and table.name not in old:
                continue  # Damaged.
            if table is CALL_SCORES:
                continue  # The calls are scored again.
            if table not in DERIVED:
                _import(client, table, old[table.name])
    there = settings.model_copy(update={"data_dir": workplace, "notify": None})
    if settings.pseudonym_key is None:
        create_once(there.key_file, settings.pseudonym_secret())
    stack = Stack(there, say)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stack.stop)
        stack.start()
        for _ in stack.take_in_journal():
            pass
        for _ in stack.wait_until_caught_up():
            pass


def _import(client: Client, table: Table, file: Path) -> None:
    names = ", ".join(table.columns)
    client.command(
        f"INSERT INTO {table.name} ({names}) "  # noqa: S608 - constants
        f"SELECT {names} FROM file({{file:String}}, 'Native')",
        parameters={"file": str(file)},
    )


def _compare(workplace: Path, old: dict[str, Path]) -> tuple[dict[str, int], list[Difference]]:
    """Rows of each rebuilt table, and what differs.

    Snapshots are compared where both are as of the same hour: a stack that ran on while events
    came late has other ones of its last day.
    """
    compared: dict[str, int] = {}
    found: list[Difference] = []
    with contextlib.closing(open_embedded(workplace)) as client:
        for comparison in _COMPARISONS:
            table = comparison.table
            if table.name not in old:
                continue
            rows = client.query(f"SELECT count() FROM {table.name} FINAL").result_rows  # noqa: S608
            compared[table.name] = int(rows[0][0])
            sides = both_sides(
                client,
                comparison,
                "file({old:String}, 'Native', {structure:String})",
                f"{table.name} FINAL",
                parameters={"old": str(old[table.name]), "structure": _structure(table)},
            )
            if table is _SNAPSHOTS:
                sides = (row for row in sides if row.one is not None and row.other is not None)
            found += differences(table, comparison.figures, list(sides))
    return compared, found


def _structure(table: Table) -> str:
    """The columns, which a file of a table without rows does not contain."""
    return ", ".join(f"`{name}` {kind}" for name, kind in table.columns.items())
