"""`ascolto models`: the whisper models that are not packaged."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Whisper models beside the packaged one.")


@app.callback()
def models() -> None:
    """Whisper models beside the packaged one."""


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A faster-whisper name, or a hub's owner/name.")],
) -> None:
    """Download a model where its hub is reached; prints its directory."""
    from infra.transcription.model_files import ModelUnknown, fetch_model
    from infra.transcription.packaged_model import ModelMissing

    try:
        directory = fetch_model(name)
    except ModelUnknown as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from error
    except ModelMissing as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(directory)
