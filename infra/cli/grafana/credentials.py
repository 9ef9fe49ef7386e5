"""Files of tokens and passwords, and the connection that is made with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import say
from infra.cli.options import failure, wrong_usage
from infra.errors import InfraError

if TYPE_CHECKING:
    from dashboards.publishing.connection import Connection


def connect(url: str, token_file: Path, *, as_user: bool = False) -> Connection:
    """A connection to a Grafana, which is waited for while it is away.

    Args:
        url: its address.
        token_file: names who we are there.
        as_user: whether only a user will do, as for what concerns several organisations.

    Raises:
        typer.Exit: the address or the file cannot be used, or something else answers.
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
    connection = Connection(address, credential)
    try:
        connection.wait()
    except InfraError as error:
        raise failure(str(error)) from error
    return connection


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
