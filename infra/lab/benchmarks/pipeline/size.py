"""How much the benches do: by environment variables, so that a small run shows breakage."""

from __future__ import annotations

import os

from infra.errors import InfraError


class WrongSize(InfraError):
    """A size that is no number above zero."""


def size(name: str, usual: int) -> int:
    """The number in environment variable `name`, or the usual one.

    Raises:
        WrongSize: it is no whole number above zero.
    """
    text = os.environ.get(name)
    if text is None:
        return usual
    if not text.isdigit() or not int(text):
        raise WrongSize(f"{name}: a whole number above 0 is needed (found {text!r})")
    return int(text)
