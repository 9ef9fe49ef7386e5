"""Where Ascolto's files are unless a setting says otherwise: its data, and its cache."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

HOME_VARIABLE = "ASCOLTO_HOME"
"""One directory for data and cache both; unset or empty: the defaults of the two functions."""


def default_data_directory() -> Path:
    """`$ASCOLTO_HOME/data`, else `~/.ascolto/data`."""
    return (_home() or Path.home() / ".ascolto") / "data"


def cache_directory() -> Path:
    """For what can be made or fetched again: `$ASCOLTO_HOME`, else the user's cache directory.

    On Linux that is `~/.cache/ascolto`, or `$XDG_CACHE_HOME/ascolto`.
    """
    return _home() or user_cache_path("ascolto", appauthor=False)


def _home() -> Path | None:
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).expanduser() if chosen else None
