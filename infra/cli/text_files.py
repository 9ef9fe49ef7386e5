"""Files of JSON lines that a person names: whether they are text at all, before work begins."""

from __future__ import annotations

from pathlib import Path

from infra.cli.failures import cannot_read
from infra.errors import InfraError

_LOOKED_AT = 1 << 16
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b")
_MOST_CONTROLS = 0.05
_SOME_TEXT = 0.25
"""Shares of a text: of control characters at most; of zeros in Latin UTF-16 at least."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class NoLines(InfraError):
    """A file cannot hold JSON lines; the message says why and what to do."""


def require_lines(path: Path, what: str) -> None:
    """Refuse a file that is missing, empty, a directory, not readable or not text.

    What is not a regular file, as a pipe, is accepted unread: reading would use it up.

    Args:
        path: the file.
        what: what its lines should hold, for the message.

    Raises:
        NoLines: it is none.
    """
    wanted = f"give a file of JSON lines, {what} on each"
    try:
        if path.is_dir():
            raise NoLines(f"{path} is a directory; {wanted}")
        if not path.exists():
            raise NoLines(f"there is no file {path}; check the path")
        with path.open("rb") as file:
            if not path.is_file():
                return
            start = file.read(_LOOKED_AT)
    except OSError as error:
        raise NoLines(cannot_read(path, error)) from error
    if not start.strip():
        raise NoLines(f"{path} is empty; {wanted}")
    if start.startswith(_UTF16) and start.count(0) > len(start) * _SOME_TEXT:
        raise NoLines(f"{path} is UTF-16; save it as UTF-8, {what} on each line")
    if len(start.translate(None, _CONTROLS)) < len(start) * (1 - _MOST_CONTROLS):
        raise NoLines(f"{path} is binary, not text; {wanted}")
