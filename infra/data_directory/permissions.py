"""The data directory and its files: readable by their owner alone."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.errors import InfraError

PRIVATE_UMASK = 0o077
"""Files made under it are readable by their owner alone."""

_PRIVATE_MODE = 0o700
_OTHERS = 0o077
_OWN_DIRECTORIES = frozenset({"store", "faust", "logs", "run", "rebuild", "models", "spool"})


class NoDirectory(InfraError):
    """A directory cannot be made; the message says which and why."""


def make_private(path: Path) -> None:
    """Make a data directory, its own directories included, readable by its owner alone.

    One that is there already is closed to others too, where it is ours. A directory that holds
    other people's directories (as `/srv` does), everybody's `/tmp` and a home stay as they are;
    what is below them of ours is closed.

    Raises:
        NoDirectory: it is a file, or may not be made.
    """
    try:
        path.mkdir(mode=_PRIVATE_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise NoDirectory(f"{path} cannot be a directory: {error.strerror}") from error
    if _ours_alone(path):
        _close(path)
    for name in _OWN_DIRECTORIES:
        if (path / name).is_dir():
            _close(path / name)


def create_once(path: Path, content: bytes) -> bytes:
    """Write `content` to `path`, for its owner only, unless another process was first.

    Returns:
        What is there.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    temporary = Path(name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_bytes()


def open_to_others(path: Path) -> bool:
    """Whether others than its owner may read or enter a directory."""
    return bool(stat.S_IMODE(path.stat().st_mode) & _OTHERS)


def keep_files_private() -> None:
    """From now on, whatever this process and its children write is for its owner alone."""
    os.umask(PRIVATE_UMASK)


@contextmanager
def private_files() -> Iterator[None]:
    """What this process writes meanwhile is for its owner alone."""
    before = os.umask(PRIVATE_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def _ours_alone(path: Path) -> bool:
    if path.stat().st_mode & stat.S_ISVTX or path.resolve() in (Path("/"), Path.home().resolve()):
        return False
    return all(
        entry.name in _OWN_DIRECTORIES or entry.is_symlink() or not entry.is_dir()
        for entry in path.iterdir()
    )


def _close(path: Path) -> None:
    status = path.stat()
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & _OTHERS:
        path.chmod(_PRIVATE_MODE)
