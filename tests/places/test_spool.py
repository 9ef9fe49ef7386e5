"""The spool: bounded, and empty again whatever happens."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra.recordings.spool import Reservation, Spool, SpoolClosed
from tests.waiting import wait_for


def files(directory: Path) -> set[str]:
    """Everything in the spool but its locks."""
    found = (each for each in directory.rglob("*") if each.is_file())
    return {each.name for each in found if "lock" not in each.name}


def waiting(spool: Spool, size: int) -> tuple[threading.Thread, list[Reservation]]:
    got: list[Reservation] = []
    thread = threading.Thread(target=lambda: got.append(spool.reserve(size)), daemon=True)
    thread.start()
    return thread, got


def test_what_is_reserved_never_exceeds_the_bound_and_who_waits_gets_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100)
    first, second = spool.reserve(60), spool.reserve(40)
    thread, got = waiting(spool, 30)
    thread.join(0.2)
    assert got == []
    second.shrink(20)
    thread.join(0.2)
    assert got == [], "80 of 100 are taken"
    first.release(transcribed=False)
    thread.join()
    assert len(got) == 1


def test_many_threads_stay_within_the_bound(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100)
    lock = threading.Lock()
    taken, most = 0, 0

    def work(number: int) -> None:
        nonlocal taken, most
        for turn in range(20):
            size = 10 + (number * 7 + turn * 13) % 50
            reservation = spool.reserve(size)
            with lock:
                taken += size
                most = max(most, taken)
            reservation.path("a.wav").write_bytes(b"x")
            with lock:
                taken -= size
            reservation.release(transcribed=bool(turn % 2))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 50 < most <= 100
    assert files(tmp_path) == set()


def test_a_recording_larger_than_the_spool_is_alone_in_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100)
    large = spool.reserve(500)
    thread, got = waiting(spool, 1)
    thread.join(0.2)
    assert got == []
    large.release(transcribed=True)
    thread.join()
    assert len(got) == 1


def test_nothing_stays_after_transcription_unless_it_is_to(tmp_path: Path) -> None:
    now = [1_000_000.0]
    spool = Spool(tmp_path / "spool", 100, keep_seconds=3600, clock=lambda: now[0])

    def recorded(name: str, *, transcribed: bool, content: bytes = b"x") -> None:
        reservation = spool.reserve(len(content))
        reservation.path(name).write_bytes(content)
        reservation.release(transcribed=transcribed)

    recorded("refused.wav", transcribed=False)
    recorded("a.wav", transcribed=True)
    assert files(tmp_path) == {"a.wav"}
    now[0] += 1800
    recorded("b.wav", transcribed=True)
    assert files(tmp_path) == {"a.wav", "b.wav"}
    now[0] += 1801
    recorded("c.wav", transcribed=True)
    assert files(tmp_path) == {"b.wav", "c.wav"}, "the hour of a.wav is over"
    now[0] += 10
    recorded("d.wav", transcribed=True, content=bytes(99))
    assert files(tmp_path) == {"c.wav", "d.wav"}, "the oldest gave way: 100 bytes are the bound"
    spool.close()
    assert files(tmp_path) == {"c.wav", "d.wav"}
    Spool(tmp_path / "spool", 100)
    assert files(tmp_path) == set(), "with the setting at 0, what was ever kept goes"


def test_closing_ends_the_waiting(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    spool.reserve(10)
    ended: list[Exception] = []

    def wait() -> None:
        try:
            spool.reserve(5)
        except SpoolClosed as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    spool.close()
    thread.join()
    assert len(ended) == 1
    with pytest.raises(SpoolClosed):
        spool.reserve(1)


_CHILD = """
import sys
from pathlib import Path
from infra.recordings.spool import Spool
spool = Spool(Path(sys.argv[1]), 100)
spool.reserve(10).path("a.wav").write_bytes(b"x")
print("ready", flush=True)
sys.stdin.readline()
"""


def test_what_a_crashed_process_left_is_removed_and_what_a_living_one_has_is_not(
    tmp_path: Path,
) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    children[0].kill()
    children[0].wait()
    assert len(list(tmp_path.rglob("a.wav"))) == 2
    Spool(tmp_path, 100)
    wait_for(lambda: len(list(tmp_path.rglob("a.wav"))) == 1)
    children[1].communicate("\n")
    Spool(tmp_path, 100)
    assert files(tmp_path) == set()


def test_the_spool_is_its_owner_s_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 10, keep_seconds=60)
    spool.reserve(1)
    for each in (tmp_path / "spool").rglob("*"):
        if each.is_dir():
            assert each.stat().st_mode & 0o077 == 0, each
