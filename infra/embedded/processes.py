"""Child processes that never outlive their parent, however it ends."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from infra.data_directory.permissions import PRIVATE_UMASK

_PR_SET_PDEATHSIG = 1


def start(
    command: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command`, its output appended to `log_file`, to be killed when this process ends.

    The kernel does the killing on Linux; elsewhere the child has to watch its parent itself. What
    it writes, and its log, are readable by their owner alone.
    """
    log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as output:
        return _popen(command, output, environment)


def _popen(
    command: Sequence[str], output: IO[bytes], environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    bind = _death_binding()
    return subprocess.Popen(  # noqa: S603 - our own executables, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        preexec_fn=bind,
        umask=PRIVATE_UMASK,
    )


def _death_binding() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before prctl
            os._exit(1)

    return bind


def stop(child: subprocess.Popen[bytes], patience: float) -> int:
    """Ask `child` to end, wait `patience` seconds, then end it; returns its exit code."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def resident_bytes(pid: int) -> int:
    """The memory of a process; 0 where the system does not say (no /proc)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def listening(preferred: int = 0, host: str = "127.0.0.1") -> socket.socket:
    """A socket that listens at `preferred`, or at a free port where that is in use.

    It listens at once: a port that is only known to be free may be another process's a moment
    later.

    Raises:
        OSError: nothing can listen on `host`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, preferred), family=family)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return socket.create_server((host, 0), family=family)


def free_port(preferred: int = 0, host: str = "127.0.0.1") -> int:
    """`preferred` if nobody listens there, else a free port.

    For programs that take a port's number; it may be in use again when they listen there.

    Raises:
        OSError: nothing can listen on `host`.
    """
    with listening(preferred, host) as server:
        return int(server.getsockname()[1])
