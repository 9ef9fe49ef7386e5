"""`ascolto admin migrate`: the tables forward; back only after asking, as that drops rows."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from infra.cli.failures import FAILED, WRONG_USAGE, say
from infra.cli.store_access import any_store, require_store
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from infra.clickhouse.schema import Migration

_DROPPED = re.compile(r"DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?`?(\w+)", re.IGNORECASE)


def migrate_store(settings: Settings, target: int | None, *, yes: bool) -> int:
    """Bring the settings' store to migration `target`; returns the exit code.

    Going back asks first, on a terminal; elsewhere it wants `yes`. Where no server is set, the
    embedded store must be there: this command makes none.
    """
    from infra.clickhouse.schema import migrate, migrations

    newest = migrations()[-1].number
    if target is not None and target > newest:
        say(f"there is no migration {target}: the newest is {newest}")
        return WRONG_USAGE
    if settings.clickhouse_url is None:
        require_store(
            settings.data_dir, "ASCOLTO_CLICKHOUSE_URL, or the data directory (--data-dir)"
        )
    with any_store(settings) as client:
        undone = _undone(client, target)
        if undone and not yes and not _agreed(client, undone):
            return FAILED
        steps = migrate(client, target)
        if _may_name_older_events(client, target):
            if settings.pseudonym_key is None and not settings.key_file.exists():
                say(_KEY_IS_MISSING)
                return FAILED
            steps.append(_name_older_events(client, settings))
        if settings.clickhouse_url is not None and target is None:
            steps += _tenants_behind(client)
    say("\n".join(steps) if steps else "nothing to do")
    return 0


def _tenants_behind(client: Client) -> list[str]:
    """A line where tenants lack what the tables have now; none where users cannot be read."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    from infra.clickhouse.tenants.server import TenantsRefused
    from infra.clickhouse.tenants.upkeep import REFRESH, behind

    try:
        names = sorted(map(str, behind(client)))
    except (TenantsRefused, DatabaseError):
        return []
    return [f"tenants to bring up to date: {', '.join(names)}; {REFRESH}"] if names else []


_KEY_IS_MISSING = (
    "the stored events are to get their identities with the workers' pseudonym key: set "
    "ASCOLTO_PSEUDONYM_KEY to it (or ASCOLTO_DATA_DIR to where theirs is), then do this again; "
    "the tables have their newest form already"
)


def _may_name_older_events(client: Client, target: int | None) -> bool:
    """Whether there are events of versions before identities, and tables for identities."""
    from infra.clickhouse.older_events import IDENTITIES, has_older_events

    return (target is None or target >= IDENTITIES) and has_older_events(client)


def _name_older_events(client: Client, settings: Settings) -> str:
    """Give the events of versions before identities theirs; the step taken."""
    from infra.clickhouse.older_events import name_older_events

    named = name_older_events(client, settings.pseudonym_secret())
    return f"{named} older events got their identities"


def _undone(client: Client, target: int | None) -> list[Migration]:
    """The migrations that going to `target` takes back, newest first."""
    from infra.clickhouse.schema import applied, migrations

    if target is None:
        return []
    have = set(applied(client))
    return [step for step in reversed(migrations()) if step.number > target and step.number in have]


def _agreed(client: Client, undone: list[Migration]) -> bool:
    """Say what going back drops, and ask; without a terminal the answer is no."""
    steps = ", ".join(f"{step.number:04d}_{step.name}" for step in undone)
    say(f"going back takes away {steps}, and with it:")
    for line in _what_goes(client, undone):
        say(f"  {line}")
    if not sys.stdin.isatty():
        say("nothing was done: there is no terminal to ask on; to go back even so, add --yes")
        return False
    print("Go back? Write yes: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in ("yes", "si", "sì"):
        return True
    say("nothing was done")
    return False


def _what_goes(client: Client, undone: list[Migration]) -> list[str]:
    """A line on each table that is dropped, with its rows, and on each other change."""
    from schemas.rows import TABLES

    there = {str(row[0]) for row in client.query("SHOW TABLES").result_rows}
    known = {table.name for table in TABLES}
    lines = []
    for statement in (statement for step in undone for statement in step.down):
        found = _DROPPED.search(statement)
        if found is None:
            lines.append(" ".join(statement.split())[:200])
        elif found[1] in there:
            rows = client.query(f"SELECT count() FROM {found[1]}").result_rows[0][0]  # noqa: S608
            table = "table" if found[1] in known else "helper table"
            lines.append(f"{table} {found[1]}: {rows} {'row' if rows == 1 else 'rows'}")
    return lines
