"""The decoding process: a recording on stdin, its samples on stdout.

`python -m infra.recordings.decoding_process --suffix .wav --layout stereo --longest 14400` is
started for each reading (`infra/recordings/sound.py`). A file's header can make FFmpeg ask for any
memory, work forever, crash, or open other files and addresses; so it works here, where memory and
processor time are limited and nothing more can be opened.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import av.index
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
import av.video.codeccontext
import av.video.stream
from av import FFmpegError, InvalidDataError
from av.audio.fifo import AudioFifo
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler

from infra.errors import InfraError
from infra.recordings.decoding_protocol import (
    BROKEN,
    END,
    FACTS,
    FASTEST,
    HEADER,
    MEMORY_MIB,
    MOST_CHANNELS,
    PROCESSOR_SECONDS,
    RATE,
    REFUSED,
    SLOWEST,
    SOUND,
)
from infra.recordings.file_formats import ACCEPTED, Container, container_of, headerless

_AT_ONCE, _SECONDS_AT_ONCE = 60 * RATE, 120
"""Samples of a recording, at its own rate, that are resampled at once, and at most how long."""
_TRAILER = 1.1
"""What comes after a WAV's sound is not so much of it."""


class Refused(InfraError):
    """The recording asks for more than is allowed: trying again does not help."""


class Broken(InfraError):
    """The recording is no sound: trying again does not help."""


class _From(io.RawIOBase):
    """A file as if it began at `begin`."""

    def __init__(self, file: BinaryIO, begin: int) -> None:
        self._file, self._begin = file, begin
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def tell(self) -> int:
        return self._file.tell() - self._begin

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        place = offset + self._begin if whence == os.SEEK_SET else offset
        return self._file.seek(place, whence) - self._begin


@dataclass(frozen=True)
class Wanted:
    """What is to be decoded of a file, and how it is to be sent."""

    suffix: str
    """That of its name."""
    layout: str
    """FFmpeg's name of it."""
    longest: float
    """Seconds."""
    track: int
    """Counted from 1."""
    declared: str | None
    """How it is written, where it has no header."""


class Decoding:
    """One recording on its way from `file` to `out`."""

    def __init__(self, file: BinaryIO, wanted: Wanted) -> None:
        self._file = file
        self._wanted = wanted
        self._damaged = 0.0

    def run(self, out: BinaryIO) -> None:
        """Send everything; what is wrong with the recording too."""
        try:
            self._send(out)
        except Refused as error:
            _write(out, REFUSED, str(error).encode())
        except Broken as error:
            _write(out, BROKEN, str(error).encode())
        except MemoryError:
            _write(out, REFUSED, b"decoding it needs more memory than is allowed")
        except BrokenPipeError:
            raise
        except (FFmpegError, OSError, ValueError, IndexError, TypeError) as error:
            if getattr(error, "errno", None) == 12:
                _write(out, REFUSED, b"decoding it needs more memory than is allowed")
                return
            reason = getattr(error, "strerror", None) or type(error).__name__
            _write(out, BROKEN, f"it cannot be decoded ({reason})".encode())

    def _send(self, out: BinaryIO) -> None:
        found = self._found()
        with self._open(found) as container:
            stream = _audio(container, self._wanted.track)
            _require_allowed(stream.sample_rate, stream.channels)
            declared = _declared(container, stream, found)
            channels = stream.channels
            _write(out, FACTS, _json(channels=channels, unheard=_other_streams(container, stream)))
            target = stream.layout if channels > 2 else AudioLayout(self._wanted.layout)
            width = target.nb_channels * 2
            decoded = 0
            for frame in self._resampled(container, stream, target):
                raw = bytes(frame.planes[0])[: frame.samples * width]
                decoded += frame.samples
                if decoded > self._wanted.longest * RATE:
                    raise Refused(f"it lasts more than the {self._wanted.longest:.0f} s allowed")
                _write(out, SOUND, raw)
            missing = max(0.0, (declared or 0.0) - decoded / RATE)
            _write(out, END, _json(missing=missing, declared=declared, damaged=self._damaged))

    def _found(self) -> Container:
        declared = self._wanted.declared
        if declared is None:
            found = container_of(self._file, self._wanted.suffix)
            if found is None:
                raise Broken(f"it is of no format that is accepted: give {ACCEPTED}")
            return found
        found = headerless(self._file, declared)
        if found is None:
            raise Broken(f"declared {declared}, but it has a header: leave its format out")
        return found

    def _open(self, found: Container) -> Any:
        """The container; a WAV is read to its end where its header states too little."""
        container = self._opened(found, **found.options)
        if found.demuxer != "wav" or not _states_too_little(container):
            return container
        container.close()
        return self._opened(found, ignore_length="1")

    def _opened(self, found: Container, **options: str) -> Any:
        return av.open(
            _From(self._file, found.begin),
            format=found.demuxer,
            metadata_errors="ignore",
            io_open=_refuse_to_open,
            options={"protocol_whitelist": "none", "format_whitelist": found.demuxer, **options},
            buffer_size=1 << 16,
        )

    def _resampled(self, container: Any, stream: Any, target: AudioLayout) -> Iterator[Any]:
        for _, frames in groupby(_grouped(self._frames(container, stream)), key=_form):
            resampler = AudioResampler(format="s16", layout=target, rate=RATE)
            for frame in chain(frames, [None]):
                yield from resampler.resample(frame)

    def _frames(self, container: Any, stream: Any) -> Iterator[Any]:
        """What can be decoded: a damaged packet is passed over, not the rest with it."""
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except InvalidDataError:
                self._damaged += float((packet.duration or 0) * (packet.time_base or 0))
                continue
            for frame in frames:
                _require_allowed(frame.sample_rate, frame.layout.nb_channels)
                frame.pts = None
                yield frame


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """The packets up to the end, or to where the file is cut off in the midst of one."""
    read = False
    try:
        for packet in container.demux(stream):
            yield packet
            read = True
    except InvalidDataError:
        if not read:
            raise


def _refuse_to_open(*_: object) -> Any:
    raise PermissionError("a recording may not open other files")


def _audio(container: Any, track: int = 1) -> Any:
    tracks = container.streams.audio
    if not tracks:
        raise Broken("it holds no audio")
    if len(tracks) < track:
        raise Broken(f"declared with {track} tracks, but it has {len(tracks)}: fix its layout")
    stream = tracks[track - 1]
    if stream.codec_context is None:
        raise Broken("its audio is in no known codec")
    return stream


def _require_allowed(rate: int, channels: int) -> None:
    """Check what would cost memory out of proportion, or is no telephone call.

    Raises:
        Refused: a value is not allowed.
        Broken: there are no channels.
    """
    if channels < 1:
        raise Broken("its header states no channels that make sense")
    if channels > MOST_CHANNELS:
        raise Refused(f"it has {channels} channels; at most {MOST_CHANNELS} are taken")
    if rate and not SLOWEST <= rate <= FASTEST:
        raise Refused(
            f"its header states {rate} samples a second; from {SLOWEST} to {FASTEST} are taken"
        )


def _states_too_little(container: Any) -> bool:
    rate = _audio(container).bit_rate
    if not rate or not container.duration:
        return False
    stated = container.duration / 1_000_000
    return bool(container.size * 8 / rate > _TRAILER * stated + 1)


def _declared(container: Any, stream: Any, found: Container) -> float | None:
    """The seconds that the file itself states, where it does."""
    if not found.declares:
        return None
    if found.seconds is not None:
        return found.seconds
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = (container.duration or 0) / 1_000_000
    return seconds if seconds > 0 else None


def _other_streams(container: Any, stream: Any) -> list[str]:
    """What is in the file besides the sound that is decoded: further tracks, and video."""
    tracks = [
        f"track:{number}"
        for number, other in enumerate(container.streams.audio, 1)
        if other is not stream
    ]
    moves = any(
        not other.disposition & av.stream.Disposition.attached_pic
        for other in container.streams.video
    )
    return [*tracks, *(["video"] if moves else [])]


def _grouped(frames: Iterator[Any]) -> Iterator[Any]:
    """Longer frames: telephone codecs have 20 ms in each, too little to resample one by one.

    Only frames of one form are joined: damage may make a stereo recording mono in its midst,
    and the buffer reads beyond such a frame's end.
    """
    for _, alike in groupby(frames, key=_form):
        waiting = AudioFifo()
        for frame in alike:
            waiting.write(frame)
            if waiting.samples >= min(_AT_ONCE, _SECONDS_AT_ONCE * frame.sample_rate):
                yield waiting.read()
        if waiting.samples:
            yield waiting.read()


def _form(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _json(**facts: object) -> bytes:
    return json.dumps(facts).encode()


def _write(out: BinaryIO, kind: bytes, body: bytes) -> None:
    out.write(HEADER.pack(kind, len(body)))
    out.write(body)
    out.flush()


def limit_this_process() -> None:
    """From here on: little more memory, so much processor time, and no file or address opened."""
    import resource

    def lower(kind: int, to: int) -> None:
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (to if hard == resource.RLIM_INFINITY else min(to, hard),) * 2)

    used = _virtual_bytes()
    if used is not None:
        lower(resource.RLIMIT_AS, used + (MEMORY_MIB << 20))
    lower(resource.RLIMIT_CPU, PROCESSOR_SECONDS)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NOFILE, 3)


def _virtual_bytes() -> int | None:
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGESIZE")


def main() -> None:
    """The process's entry point."""
    parser = argparse.ArgumentParser(prog="python -m infra.recordings.decoding_process")
    parser.add_argument("--suffix", required=True)
    parser.add_argument("--layout", choices=("stereo", "mono"), required=True)
    parser.add_argument("--longest", type=float, required=True)
    parser.add_argument("--track", type=int, default=1)
    parser.add_argument("--format")
    given = parser.parse_args()
    file = cast(BinaryIO, io.FileIO(sys.stdin.fileno(), closefd=False))
    limit_this_process()
    try:
        wanted = Wanted(given.suffix, given.layout, given.longest, given.track, given.format)
        Decoding(file, wanted).run(sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
