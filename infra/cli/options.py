"""Options that commands share, and how their values are read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.failures import FAILED, WRONG_USAGE, say

if TYPE_CHECKING:
    from infra.settings import Settings

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where data is stored. Default: ASCOLTO_DATA_DIR, or ~/.ascolto/data."
    ),
]
EventsFile = Annotated[Path, typer.Argument(help="Events as JSON lines.")]


class ChannelLayout(StrEnum):
    """Whose voice is on which channel of a recording, as options."""

    STEREO = "stereo"
    SWAPPED = "stereo-swapped"
    MONO = "mono"
    TRACKS = "tracks"
    TRACKS_SWAPPED = "tracks-swapped"
    SEPARATE = "separate"


class Language(StrEnum):
    """Languages of what managers see."""

    ITALIAN = "it"
    ENGLISH = "en"


def read_settings(data_dir: Path | None) -> Settings:
    """The settings of the environment, with `data_dir` where it is given; wrong usage if bad.

    Variables that are no setting are named on standard error.
    """
    from pydantic import ValidationError

    from infra.settings import Settings
    from infra.unknown_settings import warnings

    for warning in warnings():
        say(warning)
    try:
        return Settings() if data_dir is None else Settings(data_dir=data_dir.absolute())
    except ValidationError as error:
        faults = "; ".join(
            f"ASCOLTO_{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
            for each in error.errors()
        )
        raise typer.BadParameter(f"settings in the environment are wrong: {faults}") from error


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


def read_past(text: str, now: datetime, option: str = "--as-of") -> datetime:
    """A time as `read_time` takes it, that is not after the hour of `now`."""
    time = read_time(text, option)
    if time > now.replace(minute=59, second=59, microsecond=999_999):
        raise typer.BadParameter(
            f"{text!r} lies in the future (the clock says {now.isoformat(timespec='seconds')}): "
            "figures are as of now at the latest",
            param_hint=option,
        )
    return time


def require_text(path: Path, what: str) -> None:
    """Wrong usage where `path` cannot be a file of JSON lines; `what` is what a line holds."""
    from infra.cli.text_files import NoLines, require_lines

    try:
        require_lines(path, what)
    except NoLines as error:
        raise wrong_usage(str(error)) from error


def failure(message: str) -> typer.Exit:
    """Say what failed; raise what is returned."""
    say(message)
    return typer.Exit(FAILED)


def wrong_usage(message: str) -> typer.Exit:
    """Say what was asked for wrongly; raise what is returned."""
    say(message)
    return typer.Exit(WRONG_USAGE)
