"""Calls whose words are known: the demo's, and longer ones where festival can speak them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.simulation import make_calls
from schemas.conversation import Speaker

_LONG = Path(__file__).parent / "long_calls.json"
_VOICES = Path("/usr/share/festival/voices/italian")


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A stereo recording, its seconds, and what each speaker says in it."""

    path: Path
    seconds: float
    said: dict[Speaker, str]


def demo_calls() -> list[KnownCall]:
    """The ten calls of the demo."""
    scripts = json.loads((make_calls.CALLS / "scripts.json").read_text("utf-8"))["calls"]
    lines = json.loads((make_calls.CALLS / "manifest.json").read_text("utf-8"))
    return [
        _known(make_calls.CALLS / line["file"], line["duration"], script)
        for line, script in zip(lines, scripts, strict=True)
    ]


def festival_speaks_italian() -> bool:
    """Whether festival and both voices are installed."""
    voices = ("pc_diphone", "lp_diphone")
    return shutil.which("text2wave") is not None and all((_VOICES / v).is_dir() for v in voices)


def long_calls(directory: Path) -> list[KnownCall]:
    """Calls of several minutes, spoken by festival into `directory`."""
    scripts = json.loads(_LONG.read_text("utf-8"))["calls"]
    calls = []
    for script in scripts:
        line = make_calls.make(script, directory)
        calls.append(_known(directory / line["file"], line["duration"], script))
    return calls


def _known(path: Path, seconds: float, script: dict[str, Any]) -> KnownCall:
    said = {
        speaker: " ".join(t["text"] for t in script["turns"] if t["speaker"] == speaker)
        for speaker in (Speaker.OPERATOR, Speaker.CUSTOMER)
    }
    return KnownCall(path, seconds, said)
