"""What `ascolto doctor` checks in the store: its tables, its files, its customers' key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.cli.doctor.findings import Finding, checked
from infra.clickhouse.key_fingerprint import differs, fingerprint, stored_fingerprint
from infra.clickhouse.tenants.server import TenantsRefused
from infra.clickhouse.tenants.upkeep import REFRESH, behind
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_CHECK_SERVER = (
    "check ASCOLTO_CLICKHOUSE_URL, user and password in it, ASCOLTO_CLICKHOUSE_CA and _CERTIFICATE "
    "where it speaks TLS, and that it runs"
)
_MIGRATE = "ascolto admin migrate"
_MOST_SECONDS_APART = 5.0
_LEDGER = (
    "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = {t:String}"
)


def server(settings: Settings) -> Iterator[Finding]:
    """The ClickHouse server of the settings."""
    import clickhouse_connect

    from infra.clickhouse.client import server_options

    what, todo = "ClickHouse server", _CHECK_SERVER
    opened: list[Client] = []

    def version() -> str:
        client = clickhouse_connect.get_client(**server_options(settings), connect_timeout=5)
        opened.append(client)
        return f"version {client.server_version}"

    yield checked(what, version, todo)
    for client in opened:
        yield clock(client)
        yield from _tables(client, settings)
        yield tenants(client)
        client.close()


def tenants(client: Client) -> Finding:
    """Whether every tenant of the server has what an upgrade may have added."""
    return checked("tenants", lambda: _tenants(client), REFRESH)


def _tenants(client: Client) -> str:
    try:
        faults = behind(client)
    except TenantsRefused:
        return "not checked: this ClickHouse user may not read other users"
    if faults:
        shown = "; ".join(f"{tenant}: {said[0]}" for tenant, said in sorted(faults.items()))
        raise RuntimeError(f"to bring up to date: {shown}")
    return "none, or all as they should be"


def clock(client: Client) -> Finding:
    """How far the server's clock is from this machine's."""
    return checked("clock", lambda: _same_clock(client), "set both machines' clocks by NTP")


def _same_clock(client: Client) -> str:
    before = time.time()
    shown = float(client.query("SELECT toFloat64(now64(3))").result_rows[0][0])
    ahead = shown - (before + time.time()) / 2
    seen = f"the server's clock is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}"
    if abs(ahead) > _MOST_SECONDS_APART:
        raise RuntimeError(f"{seen}: events of now would be late, or from the future")
    return seen


def store(settings: Settings) -> Iterator[Finding]:
    """The embedded store, where there is one; the check creates none."""
    from infra.clickhouse.client import StoreInUse, has_store, open_embedded
    from infra.clickhouse.damage import StoreDamaged, check_parts, check_tables
    from infra.data_directory.permissions import private_files
    from schemas.rows import TABLES

    what = "embedded store"
    path = settings.data_dir / "store"
    if not has_store(settings.data_dir):
        yield Finding(what, True, f"none yet in {settings.data_dir}")
        return
    try:
        with private_files():
            client = open_embedded(settings.data_dir, damaged=True)
    except StoreInUse as error:
        yield Finding(what, True, f"in use, so not checked: {error}")
        return
    except StoreDamaged as error:
        yield Finding(what, False, "damaged", str(error))
        return
    try:
        check_parts(client, path)
        have = {str(row[0]) for row in client.query("SHOW TABLES").result_rows}
        check_tables(client, path, [table.name for table in TABLES if table.name in have])
        yield Finding(what, True, f"{path}, every file as it was written")
        yield from _tables(client, settings)
    except StoreDamaged as error:
        yield Finding(what, False, f"damaged: {', '.join(error.tables)}", str(error))
    finally:
        client.close()


def _tables(client: Client, settings: Settings) -> Iterator[Finding]:
    yield checked("migrations", lambda: _migrated(client), _MIGRATE)
    key = _key(settings)
    if key is not None:
        todo = "set ASCOLTO_PSEUDONYM_KEY, or pseudonym.key, to the earlier key"
        yield checked("pseudonym key", lambda: _same_key(client, key), todo)


def _migrated(client: Client) -> str:
    from infra.clickhouse.schema import LEDGER, applied, migrations

    steps = [step.number for step in migrations()]
    if not client.query(_LEDGER, parameters={"t": LEDGER}).result_rows[0][0]:
        raise RuntimeError("the tables are not there")
    have = applied(client)
    missing = [f"{number:04d}" for number in steps if number not in have]
    newer = [f"{number:04d}" for number in have if number not in steps]
    if missing:
        raise RuntimeError(f"not applied: {', '.join(missing)}")
    if newer:
        raise RuntimeError(f"of a newer version: {', '.join(newer)}; run that version here")
    return f"all {len(steps)} applied"


def _same_key(client: Client, key: bytes) -> str:
    there, mine = stored_fingerprint(client), fingerprint(key)
    if there is None:
        return f"fingerprint {mine}; the store has no customers yet"
    if there != mine:
        raise RuntimeError(differs(mine, there))
    return f"fingerprint {mine}, as the store's"


def _key(settings: Settings) -> bytes | None:
    """The key of the settings or of the data directory; the check creates none."""
    if settings.pseudonym_key is None and not settings.key_file.exists():
        return None
    return settings.pseudonym_secret()
