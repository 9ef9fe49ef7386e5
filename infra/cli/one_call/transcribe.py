"""`ascolto transcribe`: what was said in recordings, as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.cli.failures import FAILED, WRONG_USAGE, say
from infra.escaping import escaped, json_line
from infra.recordings.sound import channels_of
from infra.recordings.source import Layout, Source
from infra.recordings.store import LanguageUnknown, RecordingError
from infra.transcription.model_files import ModelUnknown
from infra.transcription.packaged_model import ModelMissing
from infra.transcription.transcriber import Transcriber, Transcription
from processors.attempts.answering import unanswered, with_machine_turns
from processors.transcript.doubts import CROSSTALK
from processors.transcript.spoken_language import UNKNOWN
from schemas.conversation import Speaker, SpeakerSource, Turn

_NAMES = {
    "it": {
        Speaker.OPERATOR: "Operatore",
        Speaker.CUSTOMER: "Cliente",
        Speaker.UNKNOWN: "Voce",
        Speaker.MACHINE: "Voce registrata",
    },
    "en": {
        Speaker.OPERATOR: "Operator",
        Speaker.CUSTOMER: "Customer",
        Speaker.UNKNOWN: "Voice",
        Speaker.MACHINE: "Recorded voice",
    },
}


@dataclass(frozen=True)
class Request:
    """What is asked of the transcriber."""

    language: str
    words: Sequence[str] = ()
    """Expected to be said."""


def call_sources(
    files: Sequence[Path], layout: Layout | None, sound_format: str | None
) -> list[Callable[[], Source]]:
    """What each call is read from: every file is one, or two files are (`separate`).

    A `layout` of None is by the file's channels: two are operator left, customer right; any other
    number is mono. That is found out when the source is asked for; raises as `Sound.blocks`.
    """
    if layout == "separate":
        operator, customer = files
        return [partial(Source, operator, layout, customer, sound_format)]
    if layout is not None:
        return [partial(Source, file, layout, format=sound_format) for file in files]
    return [partial(_by_channels, file, sound_format) for file in files]


def _by_channels(file: Path, sound_format: str | None) -> Source:
    layout: Layout = "stereo" if channels_of(file, sound_format) == 2 else "mono"
    return Source(file, layout, format=sound_format)


def transcribe(
    files: Sequence[Path],
    calls: Sequence[Callable[[], Source]],
    transcriber: Transcriber,
    request: Request,
    *,
    as_json: bool,
    at_once: int = 1,
) -> int:
    """Print what was said in each call, in their order; `at_once` are worked on together.

    Files that fail are named on stderr and the others are still done. Returns the exit code: 1
    where a file failed or the model cannot be had, 2 where the model or the language is not one
    that exists.
    """
    failed = False

    def attempt(source: Callable[[], Source]) -> Transcription | RecordingError:
        try:
            return transcriber.transcribe(source(), request.language, request.words)
        except LanguageUnknown:
            raise
        except RecordingError as error:
            return error

    try:
        with ThreadPoolExecutor(at_once) as executor:
            for file, said in zip(files, executor.map(attempt, calls), strict=False):
                if isinstance(said, RecordingError):
                    named = file if len(calls) == len(files) else " and ".join(map(str, files))
                    say(escaped(f"{named}: {said}"))
                    failed = True
                    continue
                sys.stdout.write(_line(file, said) if as_json else _readable(file, said))
                sys.stdout.flush()
    except (LanguageUnknown, ModelUnknown) as error:
        say(str(error))
        return WRONG_USAGE
    except ModelMissing as error:
        say(str(error))
        return FAILED
    return FAILED if failed else 0


def _line(file: Path, said: Transcription) -> str:
    taken, turns = said.turn_taking, with_machine_turns(said.turns)
    nobody = not turns or unanswered(turns, said.language) is not None
    line = {
        "file": str(file),
        "duration": said.duration,
        "language": said.language,
        "turns": [turn.model_dump(mode="json") for turn in turns],
        "why": "nobody_answered" if nobody else None,
        "id": str(file),
        "overlaps": None if taken is None else taken.overlaps,
        "interruptions": None if taken is None else taken.interruptions,
        "dropped": said.dropped,
        "unheard": list(said.unheard),
        "doubts": list(said.doubts),
        "speakers": said.speakers.value,
    }
    return json_line(line) + "\n"


def _readable(file: Path, said: Transcription) -> str:
    names = _NAMES.get(said.language, _NAMES["en"])
    lines = [escaped(f"{file} ({said.duration:.1f} s)")]
    lines += [
        f"{_clock(turn)}  {names[turn.speaker]}: {escaped(turn.text)}"
        for turn in with_machine_turns(said.turns)
    ]
    if said.speakers is SpeakerSource.INFERRED:
        lines.append("speakers: inferred from the words, and at times wrong (docs/mono.md)")
    lines += [f"in doubt: {_doubt_in_words(doubt)}" for doubt in said.doubts]
    lines += [f"not transcribed: {_in_words(part)}" for part in said.unheard]
    return "\n".join(lines) + "\n\n"


def _doubt_in_words(doubt: str) -> str:
    kind, _, language = doubt.partition(":")
    who = {"operator_language": "the operator", "customer_language": "the customer"}.get(kind)
    if doubt == CROSSTALK:
        return "each channel holds the other's voice too loud to know who speaks"
    found = "another" if language == UNKNOWN else f"{language!r}"
    return f"{who or 'the call'} is not in the language declared but in {found}: not scored"


def _in_words(part: str) -> str:
    """A part of a recording that was not transcribed, in words."""
    kind, _, value = part.partition(":")
    return {
        "track": f"track {value} of the file; give --layout tracks, or it as a file of its own",
        "channel": f"channel {value}; only the first two are a call's",
        "missing": f"{value} s that the file states and does not hold, or cannot be decoded",
        "damaged": f"{value} s that are damaged",
    }.get(kind, kind)


def _clock(turn: Turn) -> str:
    minutes, seconds = divmod(turn.start or 0.0, 60)
    return f"{int(minutes):02d}:{seconds:04.1f}"
