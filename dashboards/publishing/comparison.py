"""Whether what Grafana has is what it was given, by Grafana's own rules for equal JSON.

Grafana adds to what it is given (defaults, ids, times), writes durations in a form of its own, and
shows no secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

REDACTED = "[REDACTED]"
"""What Grafana shows in place of a secret."""

_EMPTY: tuple[Any, ...] = (None, "", [], {}, False)
"""What Grafana shows by leaving it out."""

_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "y": 31_536_000,
}


def differences(found: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Where `found` lacks or contradicts what is wanted; what it has besides does not count.

    Yields:
        paths, as `data[0].model.rawSql`.
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            inner = f"{path}.{name}" if path else name
            if name in found:
                yield from differences(found[name], value, inner)
            elif value not in _EMPTY:
                yield inner
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield path
            return
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif found != REDACTED and not _alike(found, wanted):
        yield path or "all of it"


def has_secrets(found: Any) -> bool:
    """Whether Grafana hides a part of it."""
    if isinstance(found, dict):
        return any(map(has_secrets, found.values()))
    if isinstance(found, list):
        return any(map(has_secrets, found))
    return bool(found == REDACTED)


def shown(paths: Iterator[str], most: int = 3) -> str:
    """The first of some paths, for a message; empty where there are none."""
    listed = list(paths)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def _alike(found: Any, wanted: Any) -> bool:
    if found == wanted:
        return True
    if isinstance(found, str) and isinstance(wanted, str):
        seconds = _seconds(found)
        return seconds is not None and seconds == _seconds(wanted)
    return found in _EMPTY and wanted in _EMPTY


def _seconds(text: str) -> float | None:
    if not _DURATION.fullmatch(text):
        return None
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
