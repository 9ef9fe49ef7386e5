"""`ascolto models`: the whisper models that are not packaged."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.options import failure, wrong_usage

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
        raise wrong_usage(str(error)) from error
    except ModelMissing as error:
        raise failure(str(error)) from error
    print(directory)
