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
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

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
from infra.recordings.source import Source, Track, tracks_of
from infra.recordings.store import RecordingBroken, RecordingExcessive, RecordingMissing

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
        source: Source,
        longest: float,
        *,
        treat: Treatment | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`treat` is applied to the blocks of each reading, `patience` bounds it in seconds."""
        self._source = source
        self._channels = 1 if source.layout == "mono" else 2
        self._longest = longest
        self._treat = treat
        self._patience = patience
        self._cached: list[Block] | None = None
        self.unheard: tuple[str, ...] = ()
        """After a reading: what of the files was not in it (docs/transcription.md)."""

    def blocks(self) -> Iterator[Block]:
        """The samples in order: operator and customer where the layout has both, else one row.

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
        tracks = tracks_of(self._source)
        rows = self._channels if len(tracks) == 1 else 1
        readings = [
            _Reading(track, rows, self._longest, self._patience, self._source.format)
            for track in tracks
        ]
        if len(readings) == 1:
            swapped = self._source.layout == "stereo-swapped"
            for block in readings[0].blocks():
                yield np.ascontiguousarray(block[::-1]) if swapped else block
        else:
            yield from _side_by_side([reading.blocks() for reading in readings])
        unheard = dict.fromkeys(part for reading in readings for part in reading.unheard)
        used = {f"track:{track.number}" for track in tracks}
        self.unheard = tuple(part for part in unheard if part not in used)


class _Reading:
    """One reading of one track."""

    def __init__(
        self, track: Track, rows: int, longest: float, patience: float, declared: str | None
    ) -> None:
        self._track = track
        self._rows = rows
        self._longest = longest
        self._patience = patience
        self._declared = declared
        self.unheard: list[str] = []
        """What of the file was not in it, after the reading."""

    def blocks(self) -> Iterator[Block]:
        """The first two channels as they are, or all as one."""
        samples = 0
        found = 0
        wanted = _Wanted("mono" if self._rows == 1 else "stereo", self._longest, self._declared)
        for kind, body in _messages(self._track, wanted, self._patience):
            if kind == FACTS:
                facts = json.loads(body)
                found = facts["channels"]
                if found < self._rows:
                    raise RecordingBroken(_one_channel(facts["unheard"]))
                self.unheard = [*facts["unheard"], *self._left_out(found)]
                found = found if found > 2 else self._rows
            elif kind == END:
                self.unheard += _not_decoded(json.loads(body))
            elif kind == SOUND:
                block = self._taken(np.frombuffer(body, "<i2").reshape(-1, found).T)
                samples += block.shape[1]
                if samples > self._longest * RATE:
                    raise RecordingExcessive(
                        f"it lasts more than the {self._longest:.0f} s allowed"
                    )
                if block.shape[1]:
                    yield block

    def _left_out(self, found: int) -> list[str]:
        return [] if self._rows == 1 else [f"channel:{n}" for n in range(3, found + 1)]

    def _taken(self, samples: Block) -> Block:
        if self._rows == 1 and len(samples) > 1:
            return np.ascontiguousarray(samples.mean(axis=0, keepdims=True), np.int16)
        return np.ascontiguousarray(samples[: self._rows], np.int16)


def _side_by_side(sides: Sequence[Iterator[Block]]) -> Iterator[Block]:
    """The blocks of two sides as the rows of one; the shorter is silent at its end."""
    waiting: list[Block | None] = [next(side, None) for side in sides]
    while any(block is not None for block in waiting):
        samples = min(block.shape[1] for block in waiting if block is not None)
        silence = np.zeros((1, samples), np.int16)
        yield np.concatenate(
            [silence if block is None else block[:, :samples] for block in waiting]
        )
        for number, block in enumerate(waiting):
            if block is not None:
                rest = block[:, samples:]
                waiting[number] = rest if rest.shape[1] else next(sides[number], None)


def channels_of(path: Path, declared: str | None = None) -> int:
    """Number of channels of a recording, `declared` if it has no header.

    Raises as `Sound.blocks`.
    """
    wanted = _Wanted("stereo", 60.0, declared)
    with closing(_messages(Track(path), wanted, PATIENCE)) as messages:
        for kind, body in messages:
            if kind == FACTS:
                return int(json.loads(body)["channels"])
    raise RecordingBroken("it holds no sound")


def _one_channel(beside: list[str]) -> str:
    if any(one.startswith("track:") for one in beside):
        return (
            "declared stereo, but its first track has one channel: declare its layout as tracks "
            "where that is the operator's, or as tracks-swapped"
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


@dataclass(frozen=True)
class _Wanted:
    layout: str
    longest: float
    declared: str | None


def _messages(
    track: Track, wanted: _Wanted, patience: float
) -> Generator[tuple[bytes, bytes], None, None]:
    """What the decoding process says of a recording, until its last message."""
    command = _command(track, wanted)
    with _opened(track.path) as file, _running(command, file) as child:
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


def _command(track: Track, wanted: _Wanted) -> list[str]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "infra.recordings.decoding_process",
        f"--suffix={track.path.suffix}",
        f"--track={track.number}",
    ]
    if wanted.declared is not None:
        command.append(f"--format={wanted.declared}")
    return [*command, "--layout", wanted.layout, "--longest", str(wanted.longest)]


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
