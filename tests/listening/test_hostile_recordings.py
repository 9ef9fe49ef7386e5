"""Files that would have FFmpeg open others, fill the memory or run for ever."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.recordings import sound as decoding
from infra.recordings.decoding_protocol import FASTEST, MEMORY_MIB, MOST_CHANNELS, SLOWEST
from infra.recordings.file_formats import container_of
from infra.recordings.sound import Sound, channels_of
from infra.recordings.source import Source
from infra.recordings.store import (
    RecordingBroken,
    RecordingError,
    RecordingExcessive,
    RecordingMissing,
    RecordingRefused,
)
from tests.listening.sounds import encode, write_wav

TIME = np.arange(2 * 8000) / 8000
LEFT, RIGHT = 0.3 * np.sin(2 * np.pi * 300 * TIME), 0.3 * np.sin(2 * np.pi * 500 * TIME)


def seconds(path, layout="mono", **options):
    sound = Sound(Source(path, layout), 3600, **options)
    return sum(block.shape[1] for block in sound.blocks()) / 16_000


@pytest.fixture
def secret(tmp_path):
    """A recording that no other file may open."""
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    return encode(directory / "secret.mp3", [LEFT, RIGHT], "libmp3lame", "mp3", 44_100)


REFERENCES = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "hls of a text": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n",
    "hls afar": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n",
    "ffconcat": "ffconcat version 1.0\nfile '{secret}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>\n',
    "pls": "[playlist]\nFile1={secret}\n",
    "metadata": ";FFMETADATA1\ntitle=x\n",
}


@pytest.mark.parametrize("what", REFERENCES)
def test_what_refers_to_sound_elsewhere_is_no_recording(tmp_path, secret, what):
    path = tmp_path / "call.wav"
    path.write_text(REFERENCES[what].format(secret=secret))
    with pytest.raises(RecordingBroken, match="of no format that is accepted"):
        seconds(path)


@pytest.mark.parametrize("suffix", [".m3u8", ".mp3", ".ulaw", ".sln", ".ffconcat", ""])
@pytest.mark.parametrize("what", REFERENCES)
def test_by_any_name_it_may_have(what, suffix):
    assert container_of(io.BytesIO(REFERENCES[what].encode()), suffix) is None


def alias_to(target):
    """A QuickTime alias: 'the sound is in the file `target`', not in this one."""
    path = str(target).encode()
    path += bytes(len(path) % 2)
    fixed = bytes(10) + bytes([4]) + b"disk".ljust(27, b"\0") + bytes(12)
    fixed += bytes([10]) + b"secret.mp3".ljust(63, b"\0") + bytes(16) + struct.pack(">HH", 1, 1)
    body = fixed + bytes(16) + struct.pack(">HH", 2, len(path)) + path + b"\xff\xff\0\0"
    return struct.pack(">I4sI", 12 + len(body), b"alis", 0) + body


def test_a_movie_whose_sound_is_in_another_file_has_none(tmp_path, secret):
    movie = encode(tmp_path / "a.mov", [LEFT], "pcm_s16le", "mov", 8000).read_bytes()
    own = movie.index(b"url \x00\x00\x00\x01") - 4
    alias = alias_to(secret)
    raw = bytearray(movie[:own] + alias + movie[own + 12 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = raw.index(name) - 4
        (size,) = struct.unpack_from(">I", raw, at)
        struct.pack_into(">I", raw, at, size + len(alias) - 12)
    path = tmp_path / "dref.mov"
    path.write_bytes(raw)
    with pytest.raises(RecordingBroken):
        seconds(path)


def test_the_decoding_process_can_open_nothing_but_its_recording(tmp_path):
    """Whatever made it try: a file, an address, a lookup of a name."""
    call = write_wav(tmp_path / "a.wav", [LEFT])
    script = (
        "import socket, sys\n"
        "from infra.recordings import decoding_process as process\n"
        "process.limit_this_process()\n"
        "for attempt in (lambda: open('/etc/passwd'), socket.socket):\n"
        "    try:\n"
        "        attempt()\n"
        "    except OSError as error:\n"
        "        print(error.errno)\n"
    )
    with call.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", script], stdin=file, capture_output=True, text=True, check=True
        )
    assert done.stdout.split() == ["24", "24"]


@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "socket"])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "call.wav"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    else:
        import socket

        socket.socket(socket.AF_UNIX).bind(str(path))
    began = time.monotonic()
    with pytest.raises((RecordingBroken, RecordingMissing)):
        channels_of(path)
    assert time.monotonic() - began < 60, "it does not wait for what never comes"


def wav(rate, channels=1, samples=950_000):
    data = bytes(2 * samples)
    form = (1, channels, rate, rate * channels * 2 & 0xFFFFFFFF, channels * 2 & 0xFFFF, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, *form)
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


@pytest.mark.parametrize("rate", [1, 100, SLOWEST - 1, FASTEST + 1, 2**31 - 1])
def test_a_rate_that_no_call_has_is_refused_before_anything_is_computed(tmp_path, rate):
    path = tmp_path / "bomb.wav"
    path.write_bytes(wav(rate))
    with pytest.raises(RecordingExcessive, match=f"states {rate} samples a second"):
        seconds(path)


@pytest.mark.parametrize("channels", [MOST_CHANNELS + 1, 200, 60_000])
def test_more_channels_than_a_call_has_are_refused(tmp_path, channels):
    path = tmp_path / "many.wav"
    path.write_bytes(wav(8000, channels))
    with pytest.raises(RecordingError, match="channels"):
        seconds(path)


def test_refusals_for_excess_are_permanent():
    assert issubclass(RecordingExcessive, RecordingRefused)


WATCH = """
import json, resource, sys
from pathlib import Path
from infra.recordings.sound import Sound
from infra.recordings.source import Source
from infra.recordings.store import RecordingError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = {}
for name in sys.argv[1:]:
    try:
        sound = Sound(Source(Path(name), "mono"), 4 * 3600)
        found[name] = sum(block.shape[1] for block in sound.blocks()) / 16000
    except RecordingError as error:
        found[name] = f"{type(error).__name__}: {error}"
peaks = [resource.getrusage(who).ru_maxrss // 1024
         for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"found": found, "peaks": peaks, "before": before // 1024}))
"""
"""Reads recordings; prints the outcome of each, and the peak memory in MiB here and in children."""


def watched(paths):
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *map(str, paths)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def stsz_bomb(path):
    """An MP4 whose table states 2**27 samples of sound in one chunk: 3 GiB of index."""
    raw = bytearray(encode(path, [LEFT, RIGHT], "aac", "mp4", 44_100).read_bytes())
    struct.pack_into(">II", raw, raw.index(b"stsz") + 8, 1, 2**27)
    at = raw.index(b"stsc")
    struct.pack_into(">IIII", raw, at + 8, 1, 1, 2**27, 1)
    path.write_bytes(raw)
    return path


def compressed_header_bomb(path):
    """A QuickTime header that unpacks to 1 GiB."""
    size = 1 << 30
    packer = zlib.compressobj(9)
    million = bytes(1 << 20)
    raw = b"".join([packer.compress(million) for _ in range(size >> 20)] + [packer.flush()])
    method = struct.pack(">I4s4s", 12, b"dcom", b"zlib")
    packed = struct.pack(">I4sI", 12 + len(raw), b"cmvd", size) + raw
    inner = struct.pack(">I4s", 8 + len(method) + len(packed), b"cmov") + method + packed
    path.write_bytes(struct.pack(">I4s", 8 + len(inner), b"moov") + inner)
    return path


def test_no_header_makes_decoding_take_more_memory_than_allowed(tmp_path):
    slow = tmp_path / "slow.wav"
    slow.write_bytes(wav(SLOWEST))
    found = watched(
        [stsz_bomb(tmp_path / "a.m4a"), compressed_header_bomb(tmp_path / "b.mov"), slow]
    )
    *bombs, stretched = found["found"].values()
    assert all(isinstance(one, str) for one in bombs), found
    assert stretched == pytest.approx(950_000 / SLOWEST, abs=1)
    here, there = found["peaks"]
    assert here - found["before"] < 150
    assert there < MEMORY_MIB + 100


def mutated(raw, chance):
    """A file with some bytes of its header, or anywhere, changed, or cut, or repeated."""
    raw = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(min(len(raw), chance.choice([64, 512, len(raw)])))
        kind = chance.randrange(4)
        if kind == 0:
            raw[at] = chance.randrange(256)
        elif kind == 1:
            raw[at : at + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"])
        elif kind == 2:
            raw[at : at + 8] = chance.randbytes(8)
        else:
            del raw[at : at + chance.randint(1, 40)]
    return bytes(raw)


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("pcm_s16le", "wav"),
        ("libmp3lame", "mp3"),
        ("libopus", "ogg"),
        ("flac", "flac"),
        ("aac", "mp4"),
    ],
)
def test_a_damaged_header_ends_as_sound_or_as_a_reason_within_the_memory(
    tmp_path, codec, container
):
    rate = 48_000 if codec == "libopus" else 44_100
    whole = encode(tmp_path / "whole", [LEFT, RIGHT], codec, container, rate).read_bytes()
    chance = random.Random(f"{codec} spoilt")
    paths = []
    for number in range(12):
        path = tmp_path / f"{number}.{container}"
        path.write_bytes(mutated(whole, chance))
        paths.append(path)
    found = watched(paths)
    assert len(found["found"]) == len(paths)
    assert found["peaks"][0] - found["before"] < 200
    assert found["peaks"][1] < MEMORY_MIB + 100


STUCK = {
    "never says anything": "import time; time.sleep(600)",
    "never ends": (
        "import sys\n"
        "from infra.recordings.decoding_protocol import *\n"
        "def say(kind, body): sys.stdout.buffer.write(HEADER.pack(kind, len(body)) + body)\n"
        'say(FACTS, b\'{"channels": 1, "unheard": []}\')\n'
        "while True: say(SOUND, bytes(320000))\n"
    ),
    "says nonsense": (
        "import sys\n"
        "from infra.recordings.decoding_protocol import *\n"
        "sys.stdout.buffer.write(HEADER.pack(SOUND, 0xFFFFFFFF)); sys.stdout.flush()\n"
    ),
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
}


@pytest.mark.parametrize("what", STUCK)
def test_a_decoding_that_fails_blocks_nobody(tmp_path, monkeypatch, what):
    path = write_wav(tmp_path / "a.wav", [LEFT])
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-c", STUCK[what]])
    with pytest.raises(RecordingError):
        seconds(path, patience=3.0 if what == "never says anything" else 60.0)


def test_a_reading_that_is_given_up_leaves_no_process(tmp_path):
    path = write_wav(tmp_path / "a.wav", [np.tile(LEFT, 200)])
    before = children()
    blocks: Any = Sound(Source(path, "mono"), 3600).blocks()
    next(blocks)
    assert len(children()) == len(before) + 1
    blocks.close()
    assert children() == before


def children():
    return sorted(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_pictures_in_tags_are_not_unpacked(tmp_path):
    """An ID3 tag before an MP3 is skipped, however long it claims to be."""
    sound = encode(tmp_path / "a.mp3", [LEFT, RIGHT], "libmp3lame", "mp3", 44_100).read_bytes()
    bare = sound[sound.index(b"\xff\xfb") :]
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 8, 0]) + b"APIC" + b"\x7f" * 1020
    path = tmp_path / "tagged.mp3"
    path.write_bytes(tag + tag + bare)
    assert seconds(path) == pytest.approx(2, abs=0.2)


def test_nobody_but_the_decoding_process_opens_a_recording_by_its_path():
    root = Path(__file__).parents[2] / "infra"
    for path in root.rglob("*.py"):
        relative = path.relative_to(root).as_posix()
        if relative.startswith(("lab/", "simulation/")) or path.name == "decoding_process.py":
            continue
        text = path.read_text()
        assert "av.open" not in text, relative
        assert "decode_audio" not in text, relative
