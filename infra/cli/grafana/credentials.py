"""Files of tokens and passwords, and the connection that is made with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import say
from infra.cli.options import failure, wrong_usage
from infra.errors import InfraError

if TYPE_CHECKING:
    from dashboards.publishing.connection import Connection
    from infra.settings import Settings


def prepare(url: str, token_file: Path, *, as_user: bool = False) -> Connection:
    """A connection to a Grafana, which is not asked anything yet.

    Args:
        url: its address.
        token_file: names who we are there.
        as_user: whether only a user will do, as for what concerns several organisations.

    Raises:
        typer.Exit: the address or the file cannot be used.
    """
    from dashboards.publishing.connection import (
        Connection,
        WrongAddress,
        read_address,
        read_credential,
    )

    try:
        address = read_address(url)
        credential = read_credential(token_file)
    except WrongAddress as error:
        raise wrong_usage(str(error)) from error
    _warn_if_open(token_file)
    if as_user and credential.user is None:
        raise wrong_usage(
            f"{token_file} holds a token, which is of one organisation: organisations are managed "
            "by a server administrator, so write user:password into it"
        )
    if not address.is_encrypted:
        say(f"warning: {url} is not encrypted: whoever is on the way reads the token")
    return Connection(address, credential)


def wait_for(connection: Connection) -> None:
    """Return when Grafana answers.

    Raises:
        typer.Exit: something else answers.
    """
    try:
        connection.wait()
    except InfraError as error:
        raise failure(str(error)) from error


def clickhouse_for_grafana(
    settings: Settings, given: str | None, database: str
) -> tuple[str, int, bool, str]:
    """Host, port, whether encrypted, and database of ClickHouse as Grafana reaches it.

    Args:
        settings: their server, unless another address is given.
        given: the option's value.
        database: which one where the address names none.

    Raises:
        typer.Exit: there is none, or it holds a password, which an option must not.
    """
    from dashboards.publishing.data_sources import clickhouse_address

    if given is not None and "@" in given:
        raise wrong_usage(
            "--clickhouse holds a user name or a password, which other users of this machine see: "
            "leave them out"
        )
    own = settings.clickhouse_url
    url = given or (None if own is None else own.get_secret_value())
    if url is None:
        raise wrong_usage("say with --clickhouse where Grafana reaches ClickHouse")
    try:
        return clickhouse_address(url, database)
    except InfraError as error:
        raise wrong_usage(str(error)) from error


def read_secret(path: Path) -> str:
    """A password, on its file's one line.

    Raises:
        InfraError: it cannot be read, or holds none.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InfraError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InfraError(f"{path} is no text: write the password into it, on one line") from error
    if not text or not text.isprintable():
        raise InfraError(f"{path} holds no password: write it into it, on one line")
    _warn_if_open(path)
    return text


def _warn_if_open(path: Path) -> None:
    from infra.data_directory.permissions import open_to_others

    if open_to_others(path):
        say(f"warning: others can read {path}: chmod 600 {path}")
