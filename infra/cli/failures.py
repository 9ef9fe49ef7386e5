"""What a command says, and ends with, when something outside it is wrong."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from infra.escaping import escaped

FAILED, WRONG_USAGE, STOPPED = 1, 2, 130
"""Exit codes: it failed; it was asked for wrongly; it was stopped (Ctrl-C)."""

MOST_LINES = 20
"""How many refused lines are named; the others are counted."""

_TODO = {
    errno.EACCES: "give this user permission, or name another path",
    errno.EPERM: "give this user permission, or name another path",
    errno.EROFS: "name a path that can be written to",
    errno.ENOENT: "check the path, or make its directory first",
    errno.EEXIST: "name another path, or move what is there",
    errno.ENOTDIR: "check the path: a part of it is a file",
    errno.EISDIR: "name a file, not a directory",
    errno.ENOSPC: "free space on that disk, then run it again",
    errno.EDQUOT: "free space on that disk, then run it again",
    errno.EMFILE: "allow more open files (ulimit -n), then run it again",
}


def described(error: OSError) -> str:
    """A sentence on an error of the operating system: what, where, what to do next."""
    where = "" if error.filename is None else f"{_name(error.filename)}: "
    todo = _TODO.get(error.errno or 0)
    return f"{where}{error.strerror or type(error).__name__}" + (f"; {todo}" if todo else "")


def cannot_write(path: Path, error: OSError) -> str:
    """A sentence on a file that could not be written."""
    return f"{path} cannot be written: {_reason(error)}"


def cannot_read(path: Path, error: OSError) -> str:
    """A sentence on a file that could not be read."""
    return f"{path} cannot be read: {_reason(error)}"


def some(lines: Iterable[str], most: int = MOST_LINES) -> tuple[list[str], int]:
    """The first of `lines`, and how many more there are."""
    shown: list[str] = []
    more = 0
    for line in lines:
        if len(shown) < most:
            shown.append(line)
        else:
            more += 1
    return shown, more


def counted(number: int, noun: str) -> str:
    """A number with its English noun, in the singular where it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say(text: str) -> None:
    """Print to standard error; results alone go to standard output."""
    print(escaped(text, lines=True), file=sys.stderr, flush=True)


def end_at_once(code: int) -> NoReturn:
    """End the process without cleaning up: after Ctrl-C, while libraries' threads still work."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _reason(error: OSError) -> str:
    todo = _TODO.get(error.errno or 0)
    return f"{error.strerror or type(error).__name__}" + (f"; {todo}" if todo else "")


def _name(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
