"""The store for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from infra.cli.failures import FAILED, end_at_once, say
from infra.cli.options import failure, wrong_usage
from infra.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@contextmanager
def open_store(settings: Settings) -> Iterator[Client]:
    """The settings' store to read from, its tables in the newest form where it is embedded.

    Raises:
        typer.Exit: there is none, another process has it open, or it is half filled or damaged;
            which is said.
    """
    from infra.clickhouse.schema import migrate

    embedded = settings.clickhouse_url is None
    if embedded:
        require_store(settings.data_dir)
        _require_whole(settings.data_dir)
    with any_store(settings) as client:
        if embedded:
            migrate(client)
        yield client


@contextmanager
def any_store(settings: Settings) -> Iterator[Client]:
    """The settings' store as it is, whatever its tables; one that is not there is made.

    Raises:
        typer.Exit: another process has it open, it is damaged, or it refuses; which is said.
    """
    from infra.clickhouse.client import NoStore, StoreInUse, open_client
    from infra.clickhouse.damage import StoreDamaged
    from infra.data_directory.permissions import private_files

    with private_files():
        try:
            client = open_client(settings, session=True)
        except StoreInUse as error:
            raise failure(f"{error}, or name another store by --data-dir") from error
        except (NoStore, StoreDamaged) as error:
            raise failure(str(error)) from error
        try:
            with _refusals_reported(settings, client):
                yield _watched(client, settings)
        finally:
            client.close()


def require_store(data_dir: Path, name: str = "the data directory (--data-dir)") -> None:
    """Refuse a directory without an embedded store: only playing events makes one.

    Args:
        data_dir: the directory.
        name: what to set, for the message.

    Raises:
        typer.Exit: there is none; exit code 2.
    """
    from infra.clickhouse.client import has_store

    if has_store(data_dir):
        return
    what = "is no directory" if not data_dir.is_dir() else "holds no store"
    if data_dir.is_file():
        what = "is a file"
    raise wrong_usage(
        f"{data_dir} {what}: set {name}, to where events were played; to play some there: "
        f"ascolto demo --data-dir {data_dir}, or ascolto run all --events FILE --data-dir "
        f"{data_dir}"
    )


def _require_whole(data_dir: Path) -> None:
    """Refuse a store whose figures are only partly made again.

    Raises:
        typer.Exit: they are; the message says what runs, and what to do.
    """
    from infra.data_directory.processes import lock_holder, running_processes
    from infra.data_directory.refilling import Refilling

    if not Refilling(data_dir).under_way:
        return
    if lock_holder(data_dir) is None:
        again = "demo" if (data_dir / "demo.json").exists() else "run all"
        raise failure(
            f"the stack on {data_dir} stopped before its figures were complete: let it end once, "
            f"then ask again: ascolto {again} --exit --data-dir {data_dir}"
        )
    running = running_processes(data_dir)
    pages = [each for each in running if each.name.startswith("the analytics")]
    seen = "; ".join(map(str, running[:1] + pages))
    raise failure(
        f"the figures in {data_dir} are being made: {seen}. Look at its page meanwhile; when all "
        "is processed, stop it with Ctrl-C, and ask again"
    )


def _watched(client: Client, settings: Settings) -> Client:
    """The embedded store's client, under a time limit; a server has its own."""
    from infra.clickhouse.deadline import ANSWER_SECONDS, Watched

    if settings.clickhouse_url is not None:
        return client

    def expired() -> None:
        say(
            f"the store in {settings.data_dir} has not answered for {ANSWER_SECONDS:.0f} s: one of "
            f"its files may be damaged. See: ascolto doctor --data-dir {settings.data_dir}; the "
            "figures can be made again from the events: ascolto rebuild --data-dir "
            f"{settings.data_dir}"
        )
        end_at_once(FAILED)

    return cast("Client", Watched(client, expired, ANSWER_SECONDS))


@contextmanager
def _refusals_reported(settings: Settings, client: Client) -> Iterator[None]:
    """What the engine refuses, or cannot read, said with what to do.

    Raises:
        typer.Exit: it did.
    """
    from clickhouse_connect.driver.exceptions import DatabaseError

    from infra.clickhouse.client import STORE_DIRECTORY
    from infra.clickhouse.damage import StoreDamaged, check_tables, damaged, is_damage
    from schemas.rows import TABLES

    try:
        yield
    except DatabaseError as error:
        if settings.clickhouse_url is not None:
            todo = "are its tables there? ascolto doctor, ascolto admin migrate"
            raise failure(f"ClickHouse refused: {_first_line(error)}; {todo}") from error
        if not is_damage(error):
            raise
        path = settings.data_dir / STORE_DIRECTORY
        try:
            check_tables(client, path, [table.name for table in TABLES])
        except StoreDamaged as found:
            raise failure(str(found)) from error
        raise failure(str(damaged(path, ["schema_migrations"]))) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
