"""The texts of synthetic calls, written and overheard, as material for learning and measuring."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from infra.lab.overhearing.scripts import Script
from infra.lab.overhearing.synthetic_calls import cast_of, record, seed_of
from infra.lab.training.material import FOLDER
from infra.recordings.source import Source
from infra.transcription.transcriber import WhisperTranscriber

OVERHEARD: Final = FOLDER / "overheard"
AT_ONCE = 3


def rows_of(name: str, split: str) -> list[dict[str, Any]]:
    """The rows of `overheard/SPLIT_NAME.jsonl`; none where there is no such file."""
    path = OVERHEARD / f"{split}_{name}.jsonl"
    text = path.read_text("utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def overhear(
    scripts: Sequence[Script], split: str, transcriber: WhisperTranscriber
) -> Iterator[dict[str, Any]]:
    """Each script spoken, transcribed, with what was written and what was overheard."""

    def one(script: Script) -> dict[str, Any]:
        cast = cast_of(script.name, split, script.language)
        with tempfile.TemporaryDirectory() as scratch:
            target = Path(scratch) / "call.wav"
            record(script.turns, cast, seed_of(script.name), target)
            heard = transcriber.transcribe(Source(target, "stereo"), script.language)
        return {
            "id": script.name,
            "lang": script.language,
            "rating": script.rating,
            **cast.described(),
            "written": list(script.turns),
            "overheard": [
                {"speaker": turn.speaker, "text": turn.text, "confidence": turn.confidence}
                for turn in heard.turns
            ],
        }

    with ThreadPoolExecutor(AT_ONCE) as executor:
        yield from executor.map(one, scripts)
