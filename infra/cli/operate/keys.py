"""`ascolto keys`: the keys of the gateway's sources."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.failures import say
from infra.cli.options import DataDir, failure, read_settings, wrong_usage

if TYPE_CHECKING:
    from infra.gateway.keys import KeyFile

app = typer.Typer(
    no_args_is_help=True,
    help="The keys with which systems send to the gateway.\n\n"
    "Example: [bold]ascolto keys add billing --client luce --types payment-received[/bold]",
)


class Signature(StrEnum):
    """How webhooks are signed."""

    TWILIO = "twilio"
    HMAC = "hmac"


Name = Annotated[str, typer.Argument(help="The key's name: of the system that sends.")]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        "--keys", dir_okay=False, help="Default: gateway-keys.json in the data directory."
    ),
]


@app.command("add")
def add(
    name: Name,
    client: Annotated[str, typer.Option(help="The client company whose events it sends.")],
    types: Annotated[
        str | None,
        typer.Option(help="Event types, as call-ended,payment-received. Default: all."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Mapping file (YAML) of its webhooks."),
    ] = None,
    signature: Annotated[
        Signature | None, typer.Option(help="How its webhooks are signed.")
    ] = None,
    secret_env: Annotated[
        str | None,
        typer.Option(help="The gateway's environment variable that holds the signature's secret."),
    ] = None,
    keys: KeysFile = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it; it is shown this once, only its hash is stored."""
    from datetime import UTC, datetime

    from pydantic import ValidationError

    from infra.gateway.keys import Key, KeyFileError, hash_of, new_token

    if (signature is None) != (secret_env is None):
        raise wrong_usage("--signature and --secret-env go together")
    token = new_token()
    try:
        key = Key.model_validate(
            {
                "name": name,
                "client": client,
                "types": None if types is None else [each.strip() for each in types.split(",")],
                "sha256": hash_of(token),
                "created_at": datetime.now(UTC),
                "mapping": None if mapping is None else mapping.absolute(),
                "signature": None if signature is None else signature.value,
                "secret_env": secret_env,
            }
        )
    except ValidationError as error:
        faults = (f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise wrong_usage("; ".join(faults)) from None
    try:
        _file(keys, data_dir).add(key)
    except KeyFileError as error:
        raise failure(str(error)) from error
    _show(name, token)


@app.command("list")
def list_keys(keys: KeysFile = None, data_dir: DataDir = None) -> None:
    """List the keys: name, client company, event types, when it was made, webhooks."""
    from infra.gateway.keys import KeyFileError

    try:
        found = _file(keys, data_dir).read()
    except KeyFileError as error:
        raise failure(str(error)) from error
    for key in found:
        types = ",".join(key.types) if key.types is not None else "all"
        more = [key.signature or ""] + ([str(key.mapping)] if key.mapping else [])
        made = key.created_at.isoformat(timespec="seconds")
        print(f"{key.name}\t{key.client}\t{types}\t{made}\t{' '.join(filter(None, more))}".rstrip())
    if not found:
        say("there are no keys")


@app.command("rotate")
def rotate(
    name: Name,
    overlap: Annotated[
        float, typer.Option(min=0, max=720, help="Hours for which the old one is valid, too.")
    ] = 0,
    keys: KeysFile = None,
    data_dir: DataDir = None,
) -> None:
    """Replace a key by a new one, and print it; a running gateway knows it at once."""
    from datetime import UTC, datetime, timedelta

    from infra.gateway.keys import KeyFileError, hash_of, new_token

    token = new_token()
    until = datetime.now(UTC) + timedelta(hours=overlap) if overlap else None
    try:
        _file(keys, data_dir).rotate(name, hash_of(token), until)
    except KeyFileError as error:
        raise failure(str(error)) from error
    _show(name, token)


@app.command("revoke")
def revoke(name: Name, keys: KeysFile = None, data_dir: DataDir = None) -> None:
    """Remove a key; a running gateway refuses it at once."""
    from infra.gateway.keys import KeyFileError

    try:
        _file(keys, data_dir).revoke(name)
    except KeyFileError as error:
        raise failure(str(error)) from error
    say(f"{name} is revoked")


def _file(keys: Path | None, data_dir: Path | None) -> KeyFile:
    from infra.data_directory.permissions import NoDirectory, make_private
    from infra.gateway.keys import FILE_NAME, KeyFile

    if keys is not None:
        return KeyFile(keys)
    settings = read_settings(data_dir)
    try:
        make_private(settings.data_dir)
    except NoDirectory as error:
        raise failure(f"{error}: set ASCOLTO_DATA_DIR, or give --data-dir") from error
    return KeyFile(settings.data_dir / FILE_NAME)


def _show(name: str, token: str) -> None:
    print(token)
    say(f"this is the key of {name}; it is not shown again. Send it as Authorization: Bearer KEY")
