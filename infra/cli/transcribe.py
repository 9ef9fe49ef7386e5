"""`ascolto transcribe`: what was said in recordings, as one reads it or as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra.packaged_model import ModelMissing
from infra.recordings import RecordingError
from infra.whisper import Layout, Transcriber, Transcription, WhisperTranscriber, channels_of
from schemas.conversation import Speaker, Turn

_NAMES = {
    "it": {
        Speaker.OPERATOR: "Operatore",
        Speaker.CUSTOMER: "Cliente",
        Speaker.UNKNOWN: "Voce",
    },
    "en": {
        Speaker.OPERATOR: "Operator",
        Speaker.CUSTOMER: "Customer",
        Speaker.UNKNOWN: "Voice",
    },
}


def transcribe(
    files: list[Path],
    as_json: bool,
    mono: bool | None,
    language: str,
    model: str | None,
    transcriber: Transcriber | None = None,
) -> int:
    """Print what was said in each file; returns the exit code, 1 where any file failed.

    The layout is by each file's channels (two: operator left, customer right) unless `mono`
    says. Files that fail are named on stderr and the others are still done.
    """
    worker = transcriber or WhisperTranscriber(model)
    failed = False
    for file in files:
        try:
            said = worker.transcribe(file, _layout(file, mono), language)
        except (RecordingError, ModelMissing) as error:
            sys.stderr.write(f"{file}: {error}\n")
            failed = True
            continue
        sys.stdout.write(_line(file, said) if as_json else _readable(file, said))
        sys.stdout.flush()
    return 1 if failed else 0


def _layout(file: Path, mono: bool | None) -> Layout:
    if mono is None:
        mono = channels_of(file) != 2
    return "mono" if mono else "stereo"


def _line(file: Path, said: Transcription) -> str:
    line = {
        "file": str(file),
        "duration": said.duration,
        "language": said.language,
        "turns": [turn.model_dump(mode="json") for turn in said.turns],
    }
    return json.dumps(line, ensure_ascii=False) + "\n"


def _readable(file: Path, said: Transcription) -> str:
    names = _NAMES.get(said.language, _NAMES["en"])
    lines = [f"{file} ({said.duration:.1f} s)"]
    lines += [f"{_clock(turn)}  {names[turn.speaker]}: {turn.text}" for turn in said.turns]
    return "\n".join(lines) + "\n\n"


def _clock(turn: Turn) -> str:
    minutes, seconds = divmod(turn.start or 0.0, 60)
    return f"{int(minutes):02d}:{seconds:04.1f}"
