"""A telephone line: its noise and its codec, for each side of a call alone."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from infra.simulation.make_calls import PEAK, RATE, SPEECH_RMS, Placed, Samples

CODECS: Final = {
    "pcm_alaw": ("wav", 64_000),
    "adpcm_g726": ("wav", 32_000),
    "libopencore_amrnb": ("amr", 7_950),
    "libopus": ("ogg", 12_000),
}
"""Telephony's codecs by PyAV's name, each with its container and its bits a second."""

NOISES: Final = ("line", "room", "hum")
"""White noise of a line, noise of a room (1/f), and mains hum with its harmonics."""

LEAD_SECONDS: Final = 0.4
_MAINS_HZ: Final = 50.0


@dataclass(frozen=True)
class Line:
    """How one side of a call is carried.

    `level_db` is the speech's level against a usual one, `snr_db` how far the noise is below the
    speech, `codec` a name in `CODECS`, `noise` one of `NOISES`.
    """

    level_db: float
    snr_db: float
    noise: str
    codec: str


def side_of_call(
    placed: list[Placed], length: int, line: Line, chance: np.random.Generator
) -> npt.NDArray[np.int16]:
    """One side's turns in `length` samples, as the other end of the line records them."""
    gain = 10 ** (line.level_db / 20)
    sound = noise_of(line.noise, length, chance)
    sound *= SPEECH_RMS * gain * 10 ** (-line.snr_db / 20)
    for turn in placed:
        sound[turn.begin : turn.end] += turn.sound * gain
    return through_codec((np.clip(sound, -PEAK, PEAK) * 32767).astype(np.int16), line.codec)


def noise_of(kind: str, length: int, chance: np.random.Generator) -> Samples:
    """Noise of a kind in `NOISES`, with a root mean square of 1."""
    white = chance.normal(0.0, 1.0, length)
    if kind == "line":
        return white
    if kind == "room":
        even = length + length % 2
        spectrum = np.fft.rfft(chance.normal(0.0, 1.0, even))
        hertz = np.fft.rfftfreq(even, 1 / RATE)
        sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 60.0)), even)[:length]
    elif kind == "hum":
        seconds = np.arange(length) / RATE
        phases = chance.uniform(0.0, 2 * np.pi, 8)
        harmonics = [
            np.sin(2 * np.pi * _MAINS_HZ * (number + 1) * seconds + phase) / (number + 1)
            for number, phase in enumerate(phases)
        ]
        sound = np.sum(harmonics, axis=0) + 0.3 * white
    else:
        raise ValueError(f"no such noise: {kind!r}; of {', '.join(NOISES)}")
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def through_codec(sound: npt.NDArray[np.int16], codec: str) -> npt.NDArray[np.int16]:
    """`sound` (8 kHz) encoded and decoded again, as long as before."""
    form, bits = CODECS[codec]
    coded = io.BytesIO()
    with av.open(coded, "w", format=form) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream), codec
        stream.bit_rate = bits
        resampler = av.AudioResampler(
            stream.codec_context.format, "mono", RATE, stream.codec_context.frame_size or None
        )
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = 0
        frames = [*resampler.resample(frame), *resampler.resample(None)]
        for packet in [p for one in frames for p in stream.encode(one)] + stream.encode(None):
            container.mux(packet)
    coded.seek(0)
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(coded, "r", format=form) as container:
        decoded = [
            part.to_ndarray()[0]
            for frame in [*container.decode(audio=0), None]
            for part in resampler.resample(frame)
        ]
    heard = np.concatenate(decoded)[: len(sound)]
    return np.pad(heard, (0, len(sound) - len(heard)))


def write_wav(sides: npt.NDArray[np.int16], target: Path) -> None:
    """Both sides (2 x samples): operator left, customer right."""
    with wave.open(str(target), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.ascontiguousarray(sides.T).astype("<i2").tobytes())
