"""The real model on demo calls and on files that are no calls."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from infra import packaged_model
from infra.cli.transcribe import transcribe as transcribe_command
from infra.recordings import RecordingBroken, RecordingMissing
from infra.whisper import WhisperTranscriber, channels_of, decode
from schemas.conversation import Speaker

CALLS = Path(__file__).parents[2] / "infra" / "demo" / "calls"
CALL = CALLS / "bora-ultimatum.ogg"
WER_BOUND = 0.28


def words(text):
    return re.findall(r"\w+", text.lower())


def edits(reference, heard):
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, word in enumerate(heard, 1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != word))
            diagonal, row[j] = row[j], best
    return row[-1]


def write_wav(path, channels, rate=8000):
    sound = np.stack(channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory):
    loaded = WhisperTranscriber(cpu_threads=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCOLTO_HOME", str(tmp_path_factory.mktemp("home")))
        loaded.load()
    return loaded


@pytest.fixture(scope="module")
def script():
    calls = json.loads((CALLS / "scripts.json").read_text())["calls"]
    return next(call for call in calls if call["name"] == CALL.stem)


@pytest.fixture(scope="module")
def said(transcriber):
    return transcriber.transcribe(CALL, "stereo", "it")


@pytest.mark.whisper
def test_each_speaker_said_what_the_script_says(said, script):
    wrong = total = 0
    for speaker in ("operator", "customer"):
        expected = words(" ".join(t["text"] for t in script["turns"] if t["speaker"] == speaker))
        heard = words(" ".join(t.text for t in said.turns if t.speaker == speaker))
        wrong += edits(expected, heard)
        total += len(expected)
    assert wrong / total <= WER_BOUND


@pytest.mark.whisper
def test_turns_alternate_as_in_the_script_and_at_its_times(said, script):
    assert [t.speaker for t in said.turns] == [t["speaker"] for t in script["turns"]]
    manifest = json.loads((CALLS / "manifest.json").read_text())
    times = next(call["turns"] for call in manifest if call["file"] == CALL.name)
    for turn, (start, end) in zip(said.turns, times, strict=True):
        assert abs(turn.start - start) < 0.75
        assert abs(turn.end - end) < 0.75
        assert 0.3 < turn.confidence <= 1


@pytest.mark.whisper
def test_what_the_scorers_need_is_heard(said):
    customer = " ".join(t.text.lower() for t in said.turns if t.speaker is Speaker.CUSTOMER)
    operator = " ".join(t.text.lower() for t in said.turns if t.speaker is Speaker.OPERATOR)
    assert "disdetta" in customer
    assert re.search(r"\b(zero|0)\b", customer)
    assert "pignoramento" in operator
    assert re.search(r"da (zero|0) a (dieci|10)", operator)


@pytest.mark.whisper
def test_the_same_sound_on_both_channels_tells_no_speaker(transcriber, tmp_path):
    left, _ = decode(CALL, "stereo", 3600)
    short = left[: 16_000 * 9 : 2]
    both = transcriber.transcribe(write_wav(tmp_path / "both.wav", [short, short]), "stereo", "it")
    assert both.turns
    assert {t.speaker for t in both.turns} == {Speaker.UNKNOWN}
    assert "pagare" in " ".join(t.text for t in both.turns)


@pytest.mark.whisper
def test_mono_tells_no_speaker_and_threads_hear_the_same(transcriber, tmp_path):
    left, right = decode(CALL, "stereo", 3600)
    short = (left + right)[: 16_000 * 12 : 2]
    path = write_wav(tmp_path / "mono.wav", [short])
    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(lambda _: transcriber.transcribe(path, "mono", "it"), range(2))
    assert one == two
    assert one.duration == pytest.approx(12, abs=0.1)
    assert {t.speaker for t in one.turns} == {Speaker.UNKNOWN}
    assert len(one.turns) >= 2


@pytest.mark.whisper
@pytest.mark.parametrize("level", [0.0, 0.001, 0.02])
def test_silence_and_noise_give_no_turns(transcriber, tmp_path, level):
    noise = np.random.default_rng(7).normal(0, level, (2, 8000 * 10))
    path = write_wav(tmp_path / "quiet.wav", list(noise))
    assert transcriber.transcribe(path, "stereo", "it").turns == []


@pytest.mark.whisper
def test_the_command_prints_a_line_a_file_and_goes_on_after_a_failure(
    transcriber, tmp_path, capsys
):
    left, right = decode(CALL, "stereo", 3600)
    good = write_wav(tmp_path / "good.wav", [left[: 16_000 * 9 : 2], right[: 16_000 * 9 : 2]])
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"")
    code = transcribe_command(
        [bad, good, tmp_path / "none.wav"], True, None, "it", None, transcriber
    )
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    shown = json.loads(line)
    assert code == 1
    assert list(shown) == ["file", "duration", "language", "turns"]
    assert list(shown["turns"][0]) == ["speaker", "text", "start", "end", "confidence"]
    assert shown["turns"][0]["speaker"] == "operator"
    assert [error.split(":")[0] for error in printed.err.splitlines()] == [
        str(bad),
        str(tmp_path / "none.wav"),
    ]


@pytest.mark.whisper
def test_the_command_prints_a_readable_transcript(transcriber, tmp_path, capsys):
    left, right = decode(CALL, "stereo", 3600)
    good = write_wav(tmp_path / "good.wav", [left[: 16_000 * 9 : 2], right[: 16_000 * 9 : 2]])
    assert transcribe_command([good], False, None, "it", None, transcriber) == 0
    assert re.search(r"^00:00\.\d  Operatore: .*pagare", capsys.readouterr().out, re.MULTILINE)


def test_the_longest_recording_allowed_is_a_limit():
    with pytest.raises(RecordingBroken, match="more than the 10 s"):
        decode(CALL, "stereo", 10.0)


def test_channels_are_counted(tmp_path):
    assert channels_of(CALL) == 2
    assert channels_of(write_wav(tmp_path / "mono.wav", [np.zeros(800)])) == 1


def test_mono_declared_stereo_is_broken_not_guessed(tmp_path):
    path = write_wav(tmp_path / "mono.wav", [np.zeros(8000)])
    with pytest.raises(RecordingBroken, match="one channel"):
        decode(path, "stereo", 3600)


def test_wav_whose_header_states_no_length_is_read_to_its_end(tmp_path):
    raw = write_wav(tmp_path / "a.wav", [np.zeros(8000), np.zeros(8000)]).read_bytes()
    streamed = bytearray(raw)
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\xff"
    path = tmp_path / "streamed.wav"
    path.write_bytes(streamed)
    assert len(decode(path, "stereo", 3600)[0]) == pytest.approx(16_000, abs=200)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\xff" * 200,
        b"OggS" + bytes(500),
        b"this is a text, not a sound" * 50,
        b"{}",
    ],
)
def test_what_is_no_sound_is_broken_with_a_reason_and_without_its_path(tmp_path, content):
    path = tmp_path / "3331234567.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingBroken, match=r"^it ") as caught:
        decode(path, "stereo", 3600)
    assert "3331234567" not in str(caught.value)


def test_wav_without_samples_holds_no_sound(tmp_path):
    path = write_wav(tmp_path / "empty.wav", [np.zeros(0), np.zeros(0)])
    with pytest.raises(RecordingBroken):
        decode(path, "stereo", 3600)


def test_a_file_that_is_gone_may_come_back(tmp_path):
    with pytest.raises(RecordingMissing):
        decode(tmp_path / "none.wav", "stereo", 3600)


def test_the_demo_calls_are_those_of_the_manifest():
    manifest = json.loads((CALLS / "manifest.json").read_text())
    calls = json.loads((CALLS / "scripts.json").read_text())["calls"]
    assert [line["file"] for line in manifest] == [f"{call['name']}.ogg" for call in calls]
    for line, call in zip(manifest, calls, strict=True):
        content = (CALLS / line["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == line["sha256"]
        assert 30 <= line["duration"] <= 90
        assert len(line["turns"]) == len(call["turns"])
    assert sum(path.stat().st_size for path in CALLS.glob("*.ogg")) < 3_000_000


def test_several_processes_put_the_model_together_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(packaged_model.packaged_model, [()] * 3)
    assert len(set(found)) == 1
    digest = hashlib.sha256((found[0] / "model.bin").read_bytes()).hexdigest()
    assert digest.startswith(found[0].name.rsplit("-", 1)[1])
    assert [p.name for p in found[0].parent.iterdir()] == [found[0].name]


def test_a_damaged_copy_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))
    name = f"{packaged_model.NAME}-d01c3014881c"
    damaged = tmp_path / "models" / name
    damaged.mkdir(parents=True)
    (damaged / "model.bin").write_bytes(b"half")
    assert packaged_model.packaged_model() == damaged
    assert (damaged / "model.bin").stat().st_size > 1_000_000


def test_a_home_that_cannot_be_written_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(packaged_model.ModelMissing, match="ASCOLTO_HOME"):
        packaged_model.packaged_model()
