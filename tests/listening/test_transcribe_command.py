"""`ascolto transcribe`: what is printed, and with which exit code it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from infra.cli.one_call.transcribe import Request, call_sources, transcribe
from infra.recordings.store import LanguageUnknown, RecordingBroken
from infra.transcription.packaged_model import ModelMissing
from infra.transcription.transcriber import Transcription
from processors.transcript.interruptions import TurnTaking
from schemas.conversation import Speaker, SpeakerSource, Turn
from tests.listening.sounds import RATE, channels, sounding, write_wav

TURNS = [
    Turn(speaker=Speaker.OPERATOR, text="Buongiorno.", start=0.5, end=1.5, confidence=0.9),
    Turn(speaker=Speaker.CUSTOMER, text="Sì?", start=61.0, end=62.0, confidence=0.8),
]

UNHEARD = ("track:2", "missing:4.0")


class Ears:
    """Transcribes the same in every file, unless its name says what is wrong with it."""

    def __init__(self) -> None:
        self.asked = []

    def transcribe(self, source, language, words=()):
        path, layout = source.path, source.layout
        self.asked.append((path.name, layout, language, tuple(words)))
        if "broken" in path.name:
            raise RecordingBroken("it cannot be decoded")
        if "away" in path.name:
            raise ModelMissing("the model is away")
        if language == "xx":
            raise LanguageUnknown("the model does not know the language 'xx'")
        mono = layout == "mono"
        return Transcription(
            TURNS,
            language,
            70.0,
            "m",
            {"improbable": 2},
            _taken(mono),
            UNHEARD,
            speakers=SpeakerSource.UNKNOWN if mono else SpeakerSource.CHANNELS,
        )


def _taken(mono):
    return None if mono else TurnTaking(3, 1)


def run(files, ears=None, **options):
    chosen = {"as_json": True, "layout": None, "language": "it", "words": (), **options}
    calls = call_sources(files, chosen["layout"], chosen.get("sound_format"))
    request = Request(chosen["language"], chosen["words"])
    return transcribe(files, calls, ears or Ears(), request, as_json=chosen["as_json"])


@pytest.fixture
def stereo(tmp_path):
    return write_wav(tmp_path / "stereo.wav", [np.zeros(80), np.ones(80)])


@pytest.fixture
def mono(tmp_path):
    return write_wav(tmp_path / "mono.wav", [np.zeros(80)])


def test_a_line_a_file_in_their_order(stereo, mono, capsys):
    assert run([stereo, mono, stereo]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == [str(stereo), str(mono), str(stereo)]
    first, second, _ = lines
    assert list(first)[:4] == ["file", "duration", "language", "turns"]
    assert first["turns"][0] == {
        "speaker": "operator",
        "text": "Buongiorno.",
        "start": 0.5,
        "end": 1.5,
        "confidence": 0.9,
    }
    assert (first["overlaps"], first["interruptions"]) == (3, 1)
    assert (second["overlaps"], second["interruptions"]) == (None, None)
    assert first["dropped"] == {"improbable": 2}
    assert first["unheard"] == ["track:2", "missing:4.0"]
    assert (first["speakers"], second["speakers"]) == ("channels", "unknown")


def test_as_one_reads_it_in_the_calls_language(stereo, capsys):
    assert run([stereo], as_json=False) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^00:00\.5  Operatore: Buongiorno\.$", printed, re.MULTILINE)
    assert re.search(r"^01:01\.0  Cliente: Sì\?$", printed, re.MULTILINE)
    run([stereo], as_json=False, language="en")
    assert "Customer: Sì?" in capsys.readouterr().out


def test_the_layout_is_the_files_unless_stated(stereo, mono):
    ears = Ears()
    run([stereo, mono], ears)
    run([stereo], ears, layout="mono", words=["Luce Serena"])
    assert sorted(ears.asked[:2]) == [
        ("mono.wav", "mono", "it", ()),
        ("stereo.wav", "stereo", "it", ()),
    ]
    assert ears.asked[2:] == [("stereo.wav", "mono", "it", ("Luce Serena",))]


def test_two_files_are_one_call(stereo, mono, capsys):
    ears = Ears()
    assert run([stereo, mono], ears, layout="separate") == 0
    assert ears.asked == [("stereo.wav", "separate", "it", ())]
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["file"] == str(stereo)


def test_a_file_that_fails_is_named_and_the_others_are_done(stereo, tmp_path, capsys):
    broken = write_wav(tmp_path / "broken.wav", [np.zeros(80)])
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    assert run([empty, stereo, broken, tmp_path / "none.wav", stereo]) == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert [line.split(":")[0] for line in printed.err.splitlines()] == [
        str(empty),
        str(broken),
        str(tmp_path / "none.wav"),
    ]


def test_without_a_model_it_ends_at_once(stereo, tmp_path, capsys):
    away = write_wav(tmp_path / "away.wav", [np.zeros(80)])
    assert run([away, stereo, away]) == 1
    assert capsys.readouterr().err == "the model is away\n"


def test_an_unknown_language_is_wrong_usage(stereo, capsys):
    assert run([stereo, stereo], language="xx") == 2
    assert capsys.readouterr().err.splitlines() == ["the model does not know the language 'xx'"]


WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(child.pid, 0)
print(used.ru_maxrss, used.ru_utime + used.ru_stime, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command and prints its peak memory and processor time.

From a small process of its own: Linux counts the memory of the process that starts another as
the other's, until that runs its own program.
"""


def write_hours(path: Path, hours: float, speech: list[np.ndarray]) -> Path:
    """A stereo WAV of `hours` at 8 kHz, silent but for `speech` in its last minute."""
    samples = int(hours * 3600 * RATE)
    at = samples - 60 * RATE
    said = (np.stack(speech, axis=1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.setnframes(samples)
        minute = bytes(60 * RATE * 4)
        for _ in range(at // (60 * RATE)):
            file.writeframesraw(minute)
        file.writeframesraw(said.tobytes())
        file.writeframesraw(bytes((samples - at - len(said)) * 4))
    return path


@pytest.mark.whisper
def test_two_hours_need_less_than_1_gib_and_silence_costs_almost_nothing(tmp_path):
    """Mostly silent, so that it is quick; `make bench` measures two hours full of speech."""
    spoken = [sounding(channel, 0, 10) for channel in channels()]
    path = write_hours(tmp_path / "long.wav", 2, spoken)
    command = [sys.executable, "-m", "infra.cli.main", "transcribe", str(path), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command],
        capture_output=True,
        check=True,
        env={**os.environ, "ASCOLTO_HOME": str(tmp_path)},
    )
    kibibytes, seconds = map(float, done.stderr.split()[-2:])
    assert kibibytes < 1 << 20
    line = json.loads(done.stdout)
    assert line["duration"] == pytest.approx(7200, abs=0.1)
    assert 7140 <= line["turns"][0]["start"] < 7142
    assert {turn["speaker"] for turn in line["turns"]} == {"operator", "customer"}
    assert seconds < 7200 / 60
