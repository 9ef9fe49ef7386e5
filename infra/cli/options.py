"""Options that commands share, and how their values are read."""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infra.settings import Settings

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where data is kept. Default: ASCOLTO_DATA_DIR, or ~/.ascolto/data."
    ),
]
EventsFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines.")]


class Window(StrEnum):
    """Rolling windows, as options."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


class Dimension(StrEnum):
    """Dimensions of segments, as options."""

    SERVICE = "service"
    TOUCHPOINT = "touchpoint"
    CHANNEL = "channel"
    CUSTOMER_TYPE = "customer_type"


class ChannelLayout(StrEnum):
    """Whose voice is on which channel of a recording, as options."""

    STEREO = "stereo"
    SWAPPED = "stereo-swapped"
    MONO = "mono"


class Language(StrEnum):
    """Languages of what managers see."""

    ITALIAN = "it"
    ENGLISH = "en"


def read_settings(data_dir: Path | None, below: str | None = None) -> Settings:
    """The settings of the environment, with `data_dir` where it is given; wrong usage if bad."""
    from pydantic import ValidationError

    from infra.settings import Settings, default_home

    try:
        if data_dir is not None:
            return Settings(data_dir=data_dir.absolute())
        return Settings(data_dir=default_home() / below) if below else Settings()
    except ValidationError as error:
        told = "; ".join(
            f"ASCOLTO_{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
            for each in error.errors()
        )
        raise typer.BadParameter(f"settings in the environment are wrong: {told}") from error


def read_time(text: str, option: str = "--as-of") -> datetime:
    """An ISO 8601 time with offset; wrong usage of `option` if it is not one."""
    from schemas.events import EARLIEST, LATEST

    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a time; write it like 2026-03-01T12:00:00+00:00", param_hint=option
        ) from error
    if time.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset; add Z or +01:00", param_hint=option)
    if not EARLIEST <= time < LATEST:
        raise typer.BadParameter(f"{text!r} is not from 2000 to 2099", param_hint=option)
    return time


def failure(message: str) -> typer.Exit:
    """Say what failed; raise what is returned."""
    print(message, file=sys.stderr)
    return typer.Exit(1)
