"""Makes overheard texts: calls synthesised, mixed to mono, transcribed, each word with its speaker.

What is written is material for `learn` and `evaluate`, which then need no sound.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from infra.lab.training.speakers.alignment import speakers_of_words
from infra.lab.training.speakers.mixing import Line, Voice, mix, place, write_mono, write_stereo
from infra.recordings.source import Source
from infra.transcription.transcriber import WhisperTranscriber

VOICES = {
    "train": [Voice("male"), Voice("female"), Voice("male", 1.09), Voice("female", 0.92)],
    "test": [
        Voice("male", 0.94),
        Voice("female", 1.06),
        Voice("male", 1.14),
        Voice("female", 0.88),
    ],
}
"""Of each split: no test call is spoken by a voice of the train calls."""

CODECS = {"pcm_alaw": ".wav", "libopus": ".ogg", "pcm_mulaw": ".wav"}
NOISE_DB = (-62.0, -42.0)
CUSTOMER_DB = (-9.0, 3.0)


def overhear(
    rows: Sequence[dict[str, Any]], split: str, transcriber: WhisperTranscriber
) -> Iterator[dict[str, Any]]:
    """Each call of the labelled `rows` as the transcriber writes it down from a mono mix.

    Of the split `test` also as it writes it down from the two channels. Voices, line and pauses
    follow from the call's id.
    """
    for row in rows:
        seed = int.from_bytes(row["id"].encode(), "big") % 2**32
        chance = np.random.default_rng(seed)
        first, second = chance.choice(len(VOICES[split]), size=2, replace=False)
        voices = {"operator": VOICES[split][first], "customer": VOICES[split][second]}
        codec = str(chance.choice(sorted(CODECS)))
        line = Line(float(chance.uniform(*CUSTOMER_DB)), float(chance.uniform(*NOISE_DB)), codec)
        sides = mix(place(row["turns"], voices, seed), line, seed + 1)
        with tempfile.TemporaryDirectory() as scratch:
            mono = Path(scratch) / f"mono{CODECS[codec]}"
            write_mono(sides, mono, codec)
            heard = _overheard(row, mono, transcriber)
            if split == "test":
                stereo = Path(scratch) / "stereo.ogg"
                write_stereo(sides, stereo)
                heard["stereo"] = _turns(stereo, row.get("lang", "it"), transcriber)
        yield heard


def _overheard(row: dict[str, Any], mono: Path, transcriber: WhisperTranscriber) -> dict[str, Any]:
    language = row.get("lang", "it")
    said = transcriber.words(Source(mono, "mono"), language)
    segments = sorted(said.segments, key=lambda segment: segment.start)
    words = [word for segment in segments for word in segment.words]
    truth = [(t["speaker"], word) for t in row["turns"] for word in t["text"].split()]
    speakers = iter(speakers_of_words([word.text for word in words], truth))
    return {
        "id": row["id"],
        "lang": language,
        "stretches": [
            [
                [
                    round(w.start, 2),
                    round(w.end, 2),
                    w.text,
                    round(w.probability, 2),
                    next(speakers)[0],
                ]
                for w in segment.words
            ]
            for segment in segments
        ],
    }


def _turns(stereo: Path, language: str, transcriber: WhisperTranscriber) -> list[dict[str, Any]]:
    said = transcriber.transcribe(Source(stereo, "stereo"), language)
    return [turn.model_dump(mode="json") for turn in said.turns]


def write(rows: Iterator[dict[str, Any]], target: Path) -> None:
    """Append each row to `target` as soon as it is made; calls already there are not made again."""
    with target.open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
