"""A recording's channels at 16 kHz, read block by block so that its length costs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from infra.recordings import RecordingBroken, RecordingError, RecordingMissing

Layout = Literal["stereo", "mono"]
Block = npt.NDArray[np.int16]
"""Some of a recording's samples, one row a channel."""

RATE = 16_000
"""Samples a second that the transcriber and the voice activity detection work with."""

_AT_ONCE = 60 * RATE
_TRAILER = 1.1
"""What comes after a WAV's sound is not so much of it."""
_KEPT_BYTES = 40 << 20
"""A recording of up to so many bytes of samples is decoded once: 20 minutes of mono."""


class Sound:
    """A recording that can be read several times.

    `longest` is in seconds. Decodes again at each reading unless it is short enough to keep.
    """

    def __init__(self, path: Path, layout: Layout, longest: float) -> None:
        self._path = path
        self._channels = 2 if layout == "stereo" else 1
        self._longest = longest
        self._kept: list[Block] | None = None

    def blocks(self) -> Iterator[Block]:
        """The samples in order: two rows where the layout is stereo, else one.

        Raises `RecordingBroken` where it is no sound, is longer than allowed, or has one channel
        where two were declared, and `RecordingMissing` where it cannot be read.
        """
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Block] | None = []
        samples = 0
        for block in self._decoded():
            samples += block.shape[1]
            if samples > self._longest * RATE:
                raise RecordingBroken(f"it lasts more than the {self._longest:.0f} s allowed")
            if kept is not None:
                kept.append(block)
                if samples * self._channels * 2 > _KEPT_BYTES:
                    kept = None
            yield block
        if not samples:
            raise RecordingBroken("it holds no sound")
        self._kept = kept

    def _decoded(self) -> Iterator[Block]:
        import av

        with _Readable(), _open(self._path) as container:
            stream = _audio(container)
            if stream.channels < self._channels:
                raise RecordingBroken("declared stereo, but it has one channel: declare it mono")
            for _, frames in groupby(_grouped(_frames(container, stream)), key=_form):
                resampler = av.AudioResampler(
                    format="s16", layout="stereo" if self._channels == 2 else "mono", rate=RATE
                )
                for frame in chain(frames, [None]):
                    for resampled in resampler.resample(frame):
                        yield self._rows(resampled)

    def _rows(self, frame: Any) -> Block:
        interleaved: Block = frame.to_ndarray()
        return np.ascontiguousarray(interleaved.reshape(-1, self._channels).T)


def channels_of(path: Path) -> int:
    """Number of channels of a recording. Raises `RecordingBroken`, `RecordingMissing`."""
    with _Readable(), _open(path) as container:
        return int(_audio(container).channels)


def _open(path: Path) -> Any:
    """The recording's container; a WAV is read to its end where its header states too little."""
    import av

    if not path.stat().st_size:
        raise RecordingBroken("it is empty: 0 bytes")
    container = av.open(str(path), metadata_errors="ignore")
    if container.format.name != "wav" or not _states_too_little(container):
        return container
    container.close()
    return av.open(str(path), metadata_errors="ignore", options={"ignore_length": "1"})


def _states_too_little(container: Any) -> bool:
    rate = _audio(container).bit_rate
    if not rate or not container.duration:
        return False
    stated = container.duration / 1_000_000
    return bool(container.size * 8 / rate > _TRAILER * stated + 1)


def _audio(container: Any) -> Any:
    if not container.streams.audio:
        raise RecordingBroken("it holds no audio")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise RecordingBroken("its audio is in no known codec")
    return stream


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """What can be decoded: a damaged packet is passed over, not the rest with it."""
    from av import InvalidDataError

    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except InvalidDataError:
            continue
        for frame in frames:
            frame.pts = None
            yield frame


def _grouped(frames: Iterator[Any]) -> Iterator[Any]:
    """Longer frames: telephone codecs have 20 ms in each, too little to resample one by one.

    Frames of one form only stand together: damage may make a stereo recording mono in its midst,
    and the buffer reads beyond such a frame's end.
    """
    from av.audio.fifo import AudioFifo

    for _, alike in groupby(frames, key=_form):
        waiting = AudioFifo()
        for frame in alike:
            waiting.write(frame)
            if waiting.samples >= _AT_ONCE:
                yield waiting.read()
        if waiting.samples:
            yield waiting.read()


def _form(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


class _Readable:
    """Turns what goes wrong in reading a recording into our errors, without its path."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, RecordingError):
            return
        from av import FFmpegError

        if isinstance(error, FileNotFoundError | PermissionError):
            raise RecordingMissing("it cannot be opened: absent, or not permitted") from error
        if isinstance(error, FFmpegError | OSError | ValueError | IndexError | TypeError):
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise RecordingBroken(f"it cannot be decoded ({reason})") from error
