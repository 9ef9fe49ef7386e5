"""A time limit on the engine in process, which a damaged file can keep busy forever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

ANSWER_SECONDS = 120.0
"""Longest time that one statement of a command may take."""

_WATCHED = frozenset({"query", "command", "insert", "raw_query", "raw_insert", "close"})


class Watched:
    """A client whose statements each have a time limit; past it, a function is called, once.

    The engine works in a thread of its own and cannot be interrupted: the function should end
    the process.
    """

    def __init__(self, client: Any, expired: Callable[[], None], seconds: float) -> None:
        self._client = client
        self._expired = expired
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        """The client's own; of statements, one that is watched."""
        found = getattr(self._client, name)
        if name not in _WATCHED:
            return found

        def watched(*args: Any, **options: Any) -> Any:
            timer = threading.Timer(self._seconds, self._expired)
            timer.daemon = True
            timer.start()
            try:
                return found(*args, **options)
            finally:
                timer.cancel()

        return watched
