"""The peers' own environment: quixstreams needs another pydantic than ours."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from infra.data_directory.file_lock import try_lock
from infra.errors import InfraError

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "tests" / "benchmarks" / "peers"
ENVIRONMENT = ROOT / ".venv-peers"
MODULES = {
    "faust": "plain_faust",
    "quixstreams": "quix_streams",
    "aiokafka": "bare_aiokafka",
}
"""Of `tests/benchmarks/peers`, by name."""
IMPORTS = {"PYTHONPATH": str(ROOT)}
"""Where the peers find themselves, and the parts of ours that they share."""


class NoPeers(InfraError):
    """The peers cannot be installed; the message says why."""


def peers_python() -> str:
    """The interpreter of the peers' environment, made from its lock file where it is missing.

    Raises:
        NoPeers: this is no checkout of the project, or the packages cannot be installed.
    """
    lock = FOLDER / "requirements.lock"
    if not lock.is_file():
        raise NoPeers(f"{FOLDER} is not there: the peers are part of the project's checkout only")
    python, ready = ENVIRONMENT / "bin" / "python", ENVIRONMENT / ".ready"
    locked = hashlib.sha256(lock.read_bytes()).hexdigest()
    with _alone():
        if ready.is_file() and ready.read_text("utf-8") == locked:
            return str(python)
        print(f"installing the peers into {ENVIRONMENT} (some 250 MB, once) ...", file=sys.stderr)
        uv = [sys.executable, "-m", "uv"]
        _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)])
        install = ["pip", "install", "--quiet", "--python", str(python), "--require-hashes"]
        _run([*uv, *install, "-r", str(lock)])
        ready.write_text(locked, "utf-8")
    return str(python)


def peer_command(module: str, *arguments: str) -> list[str]:
    """The command of one module of the peers; it needs `IMPORTS` in its environment."""
    return [peers_python(), "-m", f"tests.benchmarks.peers.{module}", *arguments]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process installs: tests that run at once would both do it."""
    with ENVIRONMENT.with_suffix(".lock").open("a") as file:
        while not try_lock(file):
            time.sleep(0.2)
        yield


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise NoPeers(f"the peers cannot be installed: {(done.stderr or done.stdout)[-800:]}")
