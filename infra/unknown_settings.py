"""Environment variables that are named like settings and are none, as misspelt ones are."""

from __future__ import annotations

import difflib
import os

from infra.settings import PREFIX, Settings

OTHERS = frozenset({"ASCOLTO_HOME", "ASCOLTO_PARENT_PID", "ASCOLTO_RECORDINGS_DIR"})
"""Variables read elsewhere: by `infra.data_directory`, by workers of a stack, by compose."""


def unknown_settings() -> dict[str, str | None]:
    """Names that begin as settings do and are none, each with the nearest setting's name."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | OTHERS
    found: dict[str, str | None] = {}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.6)
            found[name] = near[0] if near else None
    return found


def warnings() -> list[str]:
    """A sentence on each such variable; its value, which may be secret, is not in it."""
    return [
        f"{name} is no setting and has no effect"
        + ("; docs/operations.md lists them" if near is None else f"; is {near} meant?")
        for name, near in unknown_settings().items()
    ]
