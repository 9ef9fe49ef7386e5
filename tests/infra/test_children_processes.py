"""Children end with their parent, however it ends; and free ports are free."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.embedded import processes as children
from tests.processes import alive
from tests.waiting import ended, wait_for

_PARENT = """
import sys, time
from pathlib import Path
from infra.embedded import processes as children
child = children.start([sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(600)
"""
_STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('ready', flush=True); time.sleep(600)"
)
_POLITE = "print('ready', flush=True); import time; time.sleep(600)"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does it on Linux only")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_dies_with_its_parent(how: signal.Signals, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(how)
    ended(parent)
    parent.stdout.close()
    wait_for(lambda: not alive(child))


def test_a_child_s_output_goes_to_its_log_which_grows(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    code = "import os, sys; print(os.environ['NAME']); print('err', file=sys.stderr)"
    for name in ("one", "two"):
        child = children.start([sys.executable, "-c", code], log, {"NAME": name})
        assert ended(child) == 0
    assert log.read_text().count("err") == 2
    assert log.read_text().index("one") < log.read_text().index("two")


def test_a_child_is_asked_to_end_and_made_to_when_it_does_not(tmp_path: Path) -> None:
    for code, patience, expected in (
        (_POLITE, 10.0, -signal.SIGTERM),
        (_STUBBORN, 0.1, -signal.SIGKILL),
    ):
        log = tmp_path / f"{expected}.log"
        child = children.start([sys.executable, "-c", code], log)
        wait_for(lambda log=log: log.exists() and "ready" in log.read_text())
        assert children.stop(child, patience) == expected
        assert children.stop(child, patience) == expected, "twice does no harm"


def test_a_child_is_not_of_our_terminal_s_group(tmp_path: Path) -> None:
    """Ctrl-C reaches the parent alone, which stops its children in order."""
    child = children.start([sys.executable, "-c", _POLITE], tmp_path / "log")
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    children.stop(child, 5.0)


def test_the_preferred_port_is_given_unless_somebody_listens_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = children.free_port(port)
        assert other != port
        with children.listening(port) as server:
            assert server.getsockname()[1] != port
    assert children.free_port(port) == port
    assert children.free_port() > 0


def test_a_host_that_is_not_here_has_no_free_port() -> None:
    with pytest.raises(OSError, match="assign requested address"):
        children.free_port(host="192.0.2.1")
