"""The real model on demo calls and on sounds that are not calls."""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from infra.lab.benchmarks.word_errors import word_errors, words_of
from infra.recordings.source import Source
from infra.recordings.store import LanguageUnknown
from infra.transcription.transcriber import WhisperTranscriber, prompt_of
from processors.transcript.interruptions import TurnTaking
from schemas.conversation import Speaker
from tests.listening.sounds import (
    CALL,
    CALLS,
    RATE,
    channels,
    encode,
    script_of,
    sounding,
    write_wav,
)

WER_BOUND = 0.25


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory):
    loaded = WhisperTranscriber(cpu_threads=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCOLTO_HOME", str(tmp_path_factory.mktemp("home")))
        loaded.load()
    return loaded


@pytest.fixture(scope="module")
def said(transcriber):
    return transcriber.transcribe(Source(CALL, "stereo"), "it")


@pytest.mark.whisper
def test_each_speaker_said_what_the_script_says(said):
    wrong = total = 0
    for speaker in ("operator", "customer"):
        expected = words_of(" ".join(text for who, text, _, _ in script_of(CALL) if who == speaker))
        listened = words_of(" ".join(t.text for t in said.turns if t.speaker == speaker))
        wrong += word_errors(expected, listened)
        total += len(expected)
    assert wrong / total <= WER_BOUND


@pytest.mark.whisper
def test_turns_alternate_as_in_the_script_and_at_its_times(said):
    script = script_of(CALL)
    assert [t.speaker for t in said.turns] == [speaker for speaker, *_ in script]
    for turn, (_, _, start, end) in zip(said.turns, script, strict=True):
        assert abs(turn.start - start) < 0.5
        assert abs(turn.end - end) < 0.3
        assert 0.3 < turn.confidence <= 1


@pytest.mark.whisper
def test_what_is_said_is_written_in_sentences(said):
    text = " ".join(turn.text for turn in said.turns)
    assert len(re.findall(r"[.?!]", text)) >= len(said.turns)


@pytest.mark.whisper
def test_what_the_scorers_need_is_transcribed(said):
    customer = " ".join(t.text.lower() for t in said.turns if t.speaker is Speaker.CUSTOMER)
    operator = " ".join(t.text.lower() for t in said.turns if t.speaker is Speaker.OPERATOR)
    assert "disdetta" in customer
    assert re.search(r"\b(zero|0)\b", customer)
    assert "pignoramento" in operator
    assert re.search(r"da (zero|0) a (dieci|10)", operator)


@pytest.mark.whisper
def test_an_operator_who_cuts_in_is_counted_and_one_who_answers_early_is_not(
    transcriber, said, tmp_path
):
    """The script's turns overlap by at most a quarter of a second: an answer, no interruption."""
    started_early = sum(
        later[2] < earlier[3]
        for earlier, later in zip(script_of(CALL), script_of(CALL)[1:], strict=False)
    )
    assert said.turn_taking.interruptions == 0
    assert 0 < said.turn_taking.overlaps <= started_early

    operator, customer = channels()
    first, answer = sounding(operator, 12, 19.5), sounding(customer, 8.3, 12.5)
    for start, expected in ((2.0, TurnTaking(1, 1)), (5.0, TurnTaking(0, 0))):
        sound = np.zeros((2, 16 * RATE))
        sound[1, : len(answer)] = answer
        at = int(start * RATE)
        sound[0, at : at + len(first)] = first
        listened = transcriber.transcribe(
            Source(write_wav(tmp_path / "cut.wav", sound), "stereo"), "it"
        )
        assert listened.turn_taking == expected


@pytest.mark.whisper
def test_the_same_sound_on_both_channels_shows_no_speaker(transcriber, tmp_path):
    short = sounding(channels()[0], 0, 9)
    both = transcriber.transcribe(
        Source(write_wav(tmp_path / "both.wav", [short, short]), "stereo"), "it"
    )
    assert both.turns
    assert {t.speaker for t in both.turns} == {Speaker.UNKNOWN}
    assert both.turn_taking is None
    assert "pagare" in " ".join(t.text for t in both.turns)


@pytest.mark.whisper
def test_mono_shows_no_speaker_and_threads_transcribe_the_same(transcriber, tmp_path):
    path = write_wav(tmp_path / "mono.wav", [sounding(sum(channels()), 0, 12)])
    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(
            lambda _: transcriber.transcribe(Source(path, "mono"), "it"), range(2)
        )
    assert one == two
    assert one.duration == pytest.approx(12, abs=0.1)
    assert {t.speaker for t in one.turns} == {Speaker.UNKNOWN}
    assert one.turn_taking is None
    assert len(one.turns) >= 2


@pytest.mark.whisper
@pytest.mark.parametrize(
    ("codec", "container", "rate"), [("libmp3lame", "mp3", 44_100), ("libopus", "ogg", 48_000)]
)
def test_a_call_in_another_codec_is_transcribed_too(transcriber, tmp_path, codec, container, rate):
    short = [sounding(channel, 0, 13) for channel in channels()]
    path = encode(tmp_path / "call", short, codec, container, rate)
    listened = transcriber.transcribe(Source(path, "stereo"), "it")
    assert [turn.speaker for turn in listened.turns[:2]] == [Speaker.OPERATOR, Speaker.CUSTOMER]
    assert "pagare" in listened.turns[0].text


def noise(level):
    return np.random.default_rng(7).normal(0, level, 10 * RATE)


def ringing():
    time = np.arange(20 * RATE) / RATE
    return 0.2 * np.sin(2 * np.pi * 425 * time) * (time % 5 < 1)


def music():
    """Chords of a plucked instrument, as on hold."""
    chance = np.random.default_rng(5)
    time = np.arange(RATE // 2) / RATE
    bars = []
    for root in chance.choice([261.6, 293.7, 329.6, 349.2, 392.0, 440.0], 40):
        tones = [root * ratio * over for ratio in (1, 1.26, 1.5) for over in range(1, 6)]
        chord = sum(np.sin(2 * np.pi * tone * time) / (tone / root) for tone in tones)
        bars.append(chord * np.exp(-3 * time))
    tune = np.concatenate(bars)
    return 0.2 * tune / np.abs(tune).max()


@pytest.mark.whisper
@pytest.mark.parametrize(
    "sound",
    [np.zeros(10 * RATE), noise(0.001), noise(0.05), ringing(), music()],
    ids=["silence", "faint noise", "loud noise", "ringing", "music"],
)
def test_where_nobody_speaks_nothing_is_said(transcriber, tmp_path, sound):
    path = write_wav(tmp_path / "quiet.wav", [sound, np.roll(sound, RATE)])
    listened = transcriber.transcribe(Source(path, "stereo"), "it")
    assert listened.turns == []
    assert listened.duration == pytest.approx(len(sound) / RATE, abs=0.01)


@pytest.mark.whisper
def test_words_of_a_client_are_written_as_it_writes_them(transcriber):
    """The agency's name is no word: without a prompt the model cannot know it."""
    call = CALLS / "cobalto-officina.ogg"
    prompted = transcriber.transcribe(
        Source(call, "stereo"), "it", ["Agenzia Cobalto", "Luminara Energia"]
    )
    text = " ".join(turn.text for turn in prompted.turns)
    assert "Agenzia Cobalto" in text


@pytest.mark.whisper
def test_of_too_many_words_the_last_ones_are_left_out(transcriber):
    """A prompt longer than the model takes must cost the words of least weight, not the first."""
    call = CALLS / "cobalto-officina.ogg"
    words = ["Agenzia Cobalto", *(f"Prodotto Numero {n}" for n in range(60))]
    text = " ".join(
        turn.text for turn in transcriber.transcribe(Source(call, "stereo"), "it", words).turns
    )
    assert "Agenzia Cobalto" in text


def test_the_prompt_names_the_clients_words_first():
    prompt = prompt_of("it", ["Luce Serena"])
    assert prompt.index("Luce Serena") < prompt.index("bolletta")
    assert "piano di rientro" in prompt
    assert "Luce Serena" in prompt_of("de", ["Luce Serena"])
    assert prompt_of("de") == ""


@pytest.mark.whisper
def test_an_unknown_language_is_refused(transcriber):
    with pytest.raises(LanguageUnknown, match="'xx'"):
        transcriber.transcribe(Source(CALL, "stereo"), "xx")


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


@pytest.mark.whisper
def test_a_call_declared_in_another_language_is_doubted_and_one_declared_rightly_is_not(
    transcriber, tmp_path
):
    short = [sounding(channel, 0, 13) for channel in channels()]
    path = write_wav(tmp_path / "short.wav", short)
    assert transcriber.transcribe(Source(path, "stereo"), "it").doubts == ()
    assert transcriber.transcribe(Source(path, "stereo"), "en").doubts == ("language:it",)


@pytest.mark.whisper
def test_the_operator_on_the_right_is_the_operator(transcriber, tmp_path):
    operator, customer = (sounding(channel, 0, 9) for channel in channels())
    path = write_wav(tmp_path / "swapped.wav", [customer, operator])
    listened = transcriber.transcribe(Source(path, "stereo-swapped"), "it")
    assert listened.turns[0].speaker is Speaker.OPERATOR
    assert "pagare" in listened.turns[0].text
