"""A recording's channels at 16 kHz, read block by block so that its length costs no memory.

Decoded in a process of its own (`infra/recordings/decoding_process.py`), which is ended when it
takes too long: no file can crash this process, fill its memory or hold a thread forever.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from infra.recordings.decoding_protocol import (
    BROKEN,
    END,
    FACTS,
    HEADER,
    MOST_BYTES,
    REFUSED,
    SOUND,
)
from infra.recordings.decoding_protocol import RATE as RATE
from infra.recordings.store import RecordingBroken, RecordingExcessive, RecordingMissing

Layout = Literal["stereo", "stereo-swapped", "mono"]
"""`stereo` is operator left, customer right; `stereo-swapped` the other way round."""
Block = npt.NDArray[np.int16]
"""Some of a recording's samples, one row a channel."""
Treatment = Callable[[Iterator[Block]], Iterator[Block]]
"""What is done to a recording's blocks before they are transcribed."""

_CACHED_BYTES = 40 << 20
"""A recording of up to so many bytes of samples is decoded once: 20 minutes of mono."""
PATIENCE = 900.0
"""Seconds that may be spent waiting for one recording to be decoded."""
_LEAST_MISSING = 0.5
_LEAST_DAMAGED = 0.1
"""Seconds not decoded that are worth reporting."""
_BITS = 16


class Sound:
    """A recording that can be read several times.

    `longest` is in seconds. Decodes again at each reading unless its samples fit in a cache.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        longest: float,
        *,
        treat: Treatment | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`treat` is applied to the blocks of each reading, `patience` bounds it in seconds."""
        self._path = path
        self._layout = layout
        self._channels = 1 if layout == "mono" else 2
        self._longest = longest
        self._treat = treat
        self._patience = patience
        self._cached: list[Block] | None = None
        self.unheard: tuple[str, ...] = ()
        """After a reading: what of the file was not in it (docs/transcription.md)."""

    def blocks(self) -> Iterator[Block]:
        """The samples in order: operator and customer where the layout is stereo, else one row.

        Raises:
            RecordingBroken: it is no sound, or has one channel where two were declared.
            RecordingExcessive: it is longer than allowed, or takes too much time or memory.
            RecordingMissing: it cannot be read.
        """
        if self._cached is not None:
            yield from self._cached
            return
        cached: list[Block] | None = []
        samples = 0
        read = self._read()
        for block in read if self._treat is None else self._treat(read):
            samples += block.shape[1]
            if cached is not None:
                cached.append(block)
                if samples * self._channels * 2 > _CACHED_BYTES:
                    cached = None
            yield block
        if not samples:
            raise RecordingBroken("it holds no sound")
        self._cached = cached

    def _read(self) -> Iterator[Block]:
        samples = 0
        rows = 0
        unheard: list[str] = []
        wanted = "mono" if self._layout == "mono" else "stereo"
        for kind, body in _messages(self._path, wanted, self._longest, self._patience):
            if kind == FACTS:
                facts = json.loads(body)
                found = facts["channels"]
                if found < self._channels:
                    raise RecordingBroken(_one_channel(facts["unheard"]))
                rows = found if found > 2 else self._channels
                unheard = [*facts["unheard"], *self._left_out(found)]
            elif kind == END:
                self.unheard = (*unheard, *_not_decoded(json.loads(body)))
            elif kind == SOUND:
                block = self._rows(np.frombuffer(body, "<i2").reshape(-1, rows).T)
                samples += block.shape[1]
                if samples > self._longest * RATE:
                    raise RecordingExcessive(
                        f"it lasts more than the {self._longest:.0f} s allowed"
                    )
                if block.shape[1]:
                    yield block

    def _left_out(self, found: int) -> list[str]:
        return [] if self._channels == 1 else [f"channel:{n}" for n in range(3, found + 1)]

    def _rows(self, samples: Block) -> Block:
        """The rows of the layout: of a call in two channels the first two, of one their mean."""
        if self._channels == 1:
            alone = samples if len(samples) == 1 else samples.mean(axis=0, keepdims=True)
            return np.ascontiguousarray(alone, np.int16)
        both = samples[1::-1] if self._layout == "stereo-swapped" else samples[:2]
        return np.ascontiguousarray(both, np.int16)


def channels_of(path: Path) -> int:
    """Number of channels of a recording. Raises as `Sound.blocks`."""
    with closing(_messages(path, "stereo", 60.0, PATIENCE)) as messages:
        for kind, body in messages:
            if kind == FACTS:
                return int(json.loads(body)["channels"])
    raise RecordingBroken("it holds no sound")


def _one_channel(beside: list[str]) -> str:
    if any(one.startswith("track:") for one in beside):
        return (
            "declared stereo, but its first track has one channel: which track is whose is not "
            "said in it; merge its tracks into two channels"
        )
    return "declared stereo, but it has one channel: declare it mono"


def _not_decoded(end: dict[str, Any]) -> list[str]:
    """Sound that the file states and that was not decoded, in seconds."""
    found = []
    if end["missing"] >= max(_LEAST_MISSING, 0.01 * (end["declared"] or 0)):
        found.append(f"missing:{end['missing']:.1f}")
    if end["damaged"] >= _LEAST_DAMAGED:
        found.append(f"damaged:{end['damaged']:.1f}")
    return found


def _messages(
    path: Path, layout: str, longest: float, patience: float
) -> Generator[tuple[bytes, bytes], None, None]:
    """What the decoding process says of a recording, until its last message."""
    command = _command(path.suffix, layout, longest)
    with _opened(path) as file, _running(command, file) as child:
        assert child.stdout is not None
        incoming = _Incoming(child.stdout, patience)
        while True:
            message = incoming.next()
            if message is None:
                raise _ended(child)
            kind, body = message
            if kind == REFUSED:
                raise RecordingExcessive(body.decode())
            if kind == BROKEN:
                raise RecordingBroken(body.decode())
            yield kind, body
            if kind == END:
                return


def _command(suffix: str, layout: str, longest: float) -> list[str]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "infra.recordings.decoding_process",
        f"--suffix={suffix}",
    ]
    return [*command, "--layout", layout, "--longest", str(longest)]


class _Incoming:
    """Messages of a pipe, for which somebody waits no longer than `patience` seconds in all."""

    def __init__(self, pipe: IO[bytes], patience: float) -> None:
        self._pipe = pipe
        self._left = patience
        self._ready = selectors.DefaultSelector()
        self._ready.register(pipe, selectors.EVENT_READ)

    def next(self) -> tuple[bytes, bytes] | None:
        """The next message; None where the other end closed.

        Raises:
            RecordingExcessive: it took too long.
        """
        header = self._exactly(HEADER.size)
        if header is None:
            return None
        kind, size = HEADER.unpack(header)
        if size > MOST_BYTES:
            raise RecordingBroken("it cannot be decoded (its samples come in no sensible form)")
        body = self._exactly(size)
        return None if body is None else (kind, body)

    def _exactly(self, size: int) -> bytes | None:
        found = bytearray()
        while len(found) < size:
            began = time.monotonic()
            ready = self._ready.select(max(0.0, self._left))
            self._left -= time.monotonic() - began
            if not ready:
                raise RecordingExcessive("decoding it takes longer than is allowed")
            more = os.read(self._pipe.fileno(), size - len(found))
            if not more:
                return None
            found += more
        return bytes(found)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of the recording: of a file, never of a pipe or device that could block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise RecordingMissing("it cannot be opened: absent, or not permitted") from error
    except OSError as error:
        raise RecordingBroken(f"it cannot be opened ({error.strerror})") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise RecordingBroken("it is not a file")
        if not found.st_size:
            raise RecordingBroken("it is empty: 0 bytes")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _running(command: list[str], file: int) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(  # noqa: S603 - our own program, no shell
        command, stdin=file, stdout=subprocess.PIPE, bufsize=0
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def _ended(child: subprocess.Popen[bytes]) -> Exception:
    code = child.wait()
    if code == -signal.SIGXCPU:
        return RecordingExcessive("decoding it takes longer than is allowed")
    if code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
        return RecordingMissing("its decoding was ended from outside; it will be read again")
    if code < 0:
        return RecordingBroken(f"it cannot be decoded (FFmpeg crashed over it: signal {-code})")
    return RuntimeError(f"the decoding process ended with {code}; its own error is above")
