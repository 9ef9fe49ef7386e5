"""Puts the sign-in of the page together from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.options import failure
from infra.settings import Settings

if TYPE_CHECKING:
    from dashboards.sign_in.guard import Guard


def guard_of(settings: Settings) -> Guard | None:
    """Who checks the requests to the page; None where there is no sign-in.

    Raises:
        typer.Exit: the sign-in file or the sessions' key cannot be used; which is said.
    """
    if settings.sign_in is None:
        return None
    from dashboards.sign_in.configuration import SignInError, SignInFile
    from dashboards.sign_in.guard import Guard
    from dashboards.sign_in.sessions import session_key

    try:
        return Guard(SignInFile(settings.sign_in), session_key(settings.data_dir))
    except (SignInError, ValueError) as error:
        raise failure(f"ASCOLTO_SIGN_IN: {error}") from error
