"""The file formats that recordings may have, found by a file's first bytes.

Only formats that hold their own sound are listed. What merely refers to sound elsewhere (HLS and
other playlists, ffconcat, DASH, SDP, image sequences, AVI with its embedded playlists) is not, so
FFmpeg is never asked to find out for itself what a file is.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from schemas.inbound.sound_formats import HEADERLESS

HEAD = 4096
"""Bytes by which a format is found."""


@dataclass(frozen=True, slots=True)
class Container:
    """How a file is opened: FFmpeg's demuxer, its options, the byte its content begins at.

    `declares` says whether the file itself states how long it lasts; elsewhere FFmpeg's figure is
    an estimate. `seconds` is what it states where FFmpeg does not say.
    """

    demuxer: str
    begin: int = 0
    declares: bool = False
    seconds: float | None = None
    options: dict[str, str] = field(default_factory=dict)


_MAGIC = (
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b".snd", "au"),
    (0, b"caff", "caf"),
    (0, b"#!AMR", "amr"),
    (0, b"wvpk", "wv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "asf"),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", "w64"),
    *((4, kind, "mov") for kind in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")),
)
_RIFF, _FORM = (b"RIFF", b"RIFX", b"RF64", b"BW64"), (b"AIFF", b"AIFC")
_HEADERLESS = {
    **dict.fromkeys((".al", ".alaw"), "alaw"),
    **dict.fromkeys((".ul", ".ulaw", ".mulaw"), "mulaw"),
    **dict.fromkeys((".g722", ".722"), "g722"),
    ".g729": "g729",
    ".sln": "sln",
}
"""Switchboards' formats without a header: only the name says what they are."""
_ESTIMATED = frozenset({"mp3", "aac", "amr", "gsm", *_HEADERLESS.values()})
_RATELESS = frozenset({"alaw", "mulaw"})
_GSM_FRAME = 33
_PLACEHOLDER = 0x7FFF_0000
"""A WAV's length from this on is one that its writer did not know."""
_LENGTH_TAGS = (b"Xing", b"Info", b"VBRI")

ACCEPTED = "WAV, MP3, Ogg, FLAC, MP4/M4A, AAC, WebM, WMA, AIFF, AU, AMR, CAF, WavPack and GSM"
"""The formats, for messages."""


def container_of(file: BinaryIO, suffix: str) -> Container | None:
    """How to open `file`, or None where it is of no format that is accepted.

    `suffix` is that of its name, with its dot: it decides only for formats without a header.
    Leaves the file at any place.
    """
    begin = _after_id3(file)
    file.seek(begin)
    head = file.read(HEAD)
    found = _by_magic(head) or _by_frames(head)
    if found is None and not begin and not _is_text(head):
        found = _HEADERLESS.get(suffix.lower())
    if found is None:
        return None
    declares = found not in _ESTIMATED
    if found == "mp3":
        declares = any(tag in head[:256] for tag in _LENGTH_TAGS)
    if found == "wav":
        seconds = _wav_seconds(file, begin)
        return Container(found, begin, seconds is not None, seconds)
    options = {"sample_rate": "8000"} if found in _RATELESS else {}
    return Container(found, begin, declares, options=options)


def headerless(file: BinaryIO, declared: str) -> Container | None:
    """How to open sound without a header, declared as `schemas.inbound.sound_formats` says.

    None where the file has a header after all. Leaves the file at any place.
    """
    if container_of(file, "") is not None:
        return None
    samples, rate, channels = _parsed(declared)
    return Container(samples, options={"sample_rate": rate, "ch_layout": f"{channels}c"})


def is_headerless(declared: str) -> bool:
    """Whether it says of sound without a header how that is written."""
    return _DECLARED.fullmatch(declared) is not None


def _parsed(declared: str) -> tuple[str, str, str]:
    found = _DECLARED.fullmatch(declared)
    assert found is not None, "checked where it is given"
    samples, rate, channels = found.groups()
    return "mulaw" if samples == "ulaw" else samples, rate, channels or "1"


_DECLARED = re.compile(HEADERLESS)


def _by_magic(head: bytes) -> str | None:
    if head[:4] in _RIFF and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in _FORM:
        return "aiff"
    for at, magic, demuxer in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return demuxer
    return None


def _by_frames(head: bytes) -> str | None:
    """Formats that are frames from the first byte on."""
    if len(head) >= 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        layer, bit_rate, rate = head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
        if layer == 0 and head[1] & 0xF0 == 0xF0:
            return "aac"
        return "mp3" if layer and bit_rate != 15 and rate != 3 else None
    frames = head[: len(head) - len(head) % _GSM_FRAME : _GSM_FRAME]
    return "gsm" if len(frames) >= 4 and all(one >> 4 == 0xD for one in frames) else None


def _after_id3(file: BinaryIO) -> int:
    """The byte after ID3 tags, whose pictures nobody needs to unpack."""
    begin = 0
    while True:
        file.seek(begin)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or any(one & 0x80 for one in head[6:10]):
            return begin
        size = 0
        for one in head[6:10]:
            size = size << 7 | one
        begin += 10 + size + (10 if head[5] & 0x10 else 0)


def _wav_seconds(file: BinaryIO, begin: int) -> float | None:
    """What a WAV's header says of its length: FFmpeg gives only what is there of it."""
    file.seek(begin)
    if file.read(4) != b"RIFF":
        return None
    place, bytes_a_second = begin + 12, 0
    for _ in range(64):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return None
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"fmt " and size >= 12:
            bytes_a_second = struct.unpack("<8xI", file.read(12).ljust(12, b"\0"))[0]
        if name == b"data":
            known = 0 < size < _PLACEHOLDER and bytes_a_second
            return size / bytes_a_second if known else None
        place += 8 + size + size % 2
    return None


def _is_text(head: bytes) -> bool:
    """Whether it is plainly written to be read: no sound has only printable ASCII."""
    return all(32 <= one < 127 or one in b"\t\r\n" for one in head)
