"""What may be wrong with a place, or with a file in it."""

from __future__ import annotations

from infra.errors import InfraError


class PlaceError(InfraError):
    """Something is wrong with a place or a file in it; the message holds no file's name.

    `todo` says how to fix it.
    """

    def __init__(self, problem: str, todo: str = "") -> None:
        super().__init__(problem)
        self.todo = todo


class PlaceAway(PlaceError):
    """A place cannot be used now: not reached, overloaded, or it refuses our credentials.

    Every file of it is affected, and nothing is wrong with the file: worth waiting for.
    """

    def __init__(self, problem: str, todo: str = "", place: str = "") -> None:
        super().__init__(problem, todo)
        self.place = place


class DiskFull(PlaceAway):
    """Nothing is wrong with the place: there is no room here for what comes from it."""


class PlaceRefused(PlaceError):
    """A place asks for what is not allowed, as a private address or a redirect: permanent."""


class NotThere(PlaceError):
    """The file is not there, may not be read, or did not come whole: it may the next time."""


class TooLarge(PlaceError):
    """The file has more bytes than are allowed: permanent."""
