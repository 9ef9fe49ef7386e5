"""Plays events files with `ascolto run all`, and recomputes the figures independently."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from infra.scoring.catalogue import scorer_of
from infra.simulation import SimulationSettings, encode, simulate
from processors.scoring.call import score_call
from processors.transcript.turns import redacted
from schemas.codec import InvalidMessage, decode_inbound
from schemas.events import (
    CallEndedEvent,
    InboundEvent,
    PaymentReceivedEvent,
    PaymentReturnedEvent,
    SurveyAnsweredEvent,
)
from tests.figures import reference
from tests.figures.reference import Answered, Happening, Left, Paid, Returned, Said
from tests.waiting import completed, cpu_seconds, output, wait_for

HORIZON = timedelta(days=30)
SCORER = "lexicon"
"""What scores in stacks of tests that are not about scores: it starts and scores at once."""
_READER = scorer_of(SCORER)
WINDOWS = {
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
BROKEN = [
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"type": "it.ascolto.call-ended.v1"}',
    b'{"type": "something.else"}',
    b'{"specversion": "1.0", "id": "x", "type": "it.ascolto.payment-received.v1"}',
    b"[" * 100_000,
    b'{"id": "y", "type": 7}',
]


def events_file(path: Path, seed: int, calls: int, days: int) -> list[bytes]:
    """Write a file with duplicates, late events and ten broken lines; returns the good lines."""
    settings = SimulationSettings(seed=seed, calls=calls, days=days, audio=False)
    good = [encode(event) for event in simulate(settings)]
    rng = random.Random(seed)
    lines = good + rng.sample(good, len(good) // 20)
    order = [index + rng.choice((0, 0, 0, rng.randrange(-400, 400))) for index in range(len(lines))]
    lines = [line for _, line in sorted(zip(order, lines, strict=True))]
    for broken in BROKEN:
        lines.insert(rng.randrange(len(lines)), broken)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return good


def ascolto(*arguments: str | Path, home: Path, scorer: str = SCORER) -> subprocess.Popen[str]:
    """Start the command as a person would."""
    return subprocess.Popen(
        [sys.executable, "-m", "infra.cli.main", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ASCOLTO_HOME": str(home), "ASCOLTO_SCORER": scorer},
    )


def finish(process: subprocess.Popen[str], data_dir: Path) -> dict[str, Any]:
    """Wait for a run on a data directory; returns the object on its last line of stdout."""
    out, err = output_of(process, data_dir)
    assert process.returncode == 0, err + last_lines(data_dir / "logs")
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    return summary


def output_of(process: subprocess.Popen[str], data_dir: Path) -> tuple[str, str]:
    """What a command that may run a stack on `data_dir` (or below it) prints until it ends."""
    return output(process, progress=lambda: moved(process.pid, data_dir), still=300)


def last_lines(logs: Path, most: int = 40) -> str:
    """How the log of each part of a stack ends, to say why it failed."""
    parts = []
    for log in sorted(logs.glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        parts.append("\n".join([f"--- {log.name}", *lines[-most:]]))
    return "\n".join(parts)


def moved(pid: int, data_dir: Path) -> object:
    """What moves while a stack works: what its workers have written; before and after, its work.

    A stack that waits for ever still asks its workers how they are: that is no progress.
    """
    written = [
        tuple(sorted(status["written"].items()))
        for run in (data_dir / "run", data_dir / "rebuild" / "run")
        for status in map(_status, sorted(run.glob("*.json")))
        if status is not None
    ]
    return written or cpu_seconds(pid)


def _status(file: Path) -> dict[str, Any] | None:
    try:
        url = json.loads(file.read_text(encoding="utf-8"))["url"]
        with urllib.request.urlopen(f"{url}/status", timeout=30) as answer:
            status: dict[str, Any] = json.load(answer)
            return status
    except (OSError, ValueError):
        return None


def play(path: Path, data_dir: Path) -> subprocess.Popen[str]:
    """Start playing an events file."""
    arguments = ("run", "all", "--events", path, "--exit", "--json", "--data-dir", data_dir)
    return ascolto(*arguments, home=data_dir)


def kill_after_rows(process: subprocess.Popen[str], data_dir: Path, seconds: float) -> None:
    """Kill the run with SIGKILL, `seconds` after its workers took up their work."""
    wait_for(
        lambda: (data_dir / "run" / "analytics.json").exists() or process.poll() is not None,
        lambda: cpu_seconds(process.pid),
    )
    assert process.poll() is None, process.communicate()[1]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


Asked = tuple[str, datetime, str | None]
"""Figures to read: window, as of when, by which segment."""


def read_figures(
    data_dir: Path, window: str, as_of: datetime, by: str | None = None
) -> list[dict[str, Any]]:
    """What `ascolto figures` says."""
    return read_all_figures(data_dir, [(window, as_of, by)])[0]


def read_all_figures(data_dir: Path, asked: Sequence[Asked]) -> list[list[dict[str, Any]]]:
    """What `ascolto figures` says, each time it is asked."""
    commands = [
        ["figures", "--data-dir", str(data_dir), "--json"]
        + ["--window", window, "--as-of", as_of.isoformat()]
        + (["--by", by] if by else [])
        for window, as_of, by in asked
    ]
    return [json.loads(out) for out in outputs_of(commands, ASCOLTO_HOME=str(data_dir))]


def outputs_of(commands: Sequence[Sequence[str]], **environment: str) -> list[str]:
    """What `ascolto` prints for each of these arguments, in one process; each must succeed."""
    done = completed(
        [sys.executable, "-m", "tests.infra.commands_child"],
        given=json.dumps(commands),
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    printed: list[str] = json.loads(done.stdout)
    return printed


def happenings(lines: list[bytes]) -> list[Happening]:
    """The events of a file, once each, scored as `ascolto score` would."""
    found: dict[str, Happening] = {}
    for line in lines:
        routed = decode_inbound(line)
        assert not isinstance(routed, InvalidMessage)
        found[routed.event.id] = happening_of(routed.event, routed.event.id)
    return list(found.values())


def happening_of(event: InboundEvent, name: str) -> Happening:
    """The event under some name, scored as `ascolto score` would."""
    if isinstance(event, CallEndedEvent):
        return _said(event, name)
    if isinstance(event, PaymentReceivedEvent):
        paid = event.data
        return Paid(name, paid.customer_id, paid.received_at, paid.amount)
    if isinstance(event, PaymentReturnedEvent):
        back = event.data
        who = name, back.customer_id, back.returned_at
        return Returned(*who, back.payment.id, back.amount)
    if isinstance(event, SurveyAnsweredEvent):
        answer = event.data
        who = name, answer.customer_id, answer.answered_at
        return Answered(*who, answer.call.id, answer.rating)
    left = event.data
    return Left(name, left.customer_id, left.cancelled_at, left.ended_by)


def _said(event: CallEndedEvent, name: str) -> Said:
    data = event.data
    survey = None if data.survey is None else data.survey.rating
    score = score_call(
        redacted(data.transcript or [], data.language),
        data.language,
        _READER,
        survey_rating=survey,
        started_at=data.started_at,
        ended_at=data.ended_at,
    )

    def exactly(value: float | None) -> Fraction | None:
        return None if value is None else Fraction(str(value))

    return Said(
        name,
        data.customer_id,
        data.agency_id,
        data.ended_at,
        (data.service, data.touchpoint, data.channel, data.customer_type),
        exactly(score.aggression),
        exactly(score.empathy),
        exactly(score.sentiment),
        survey,
        score.spoken_rating,
        score.predicted_rating,
    )


def expected(
    events: list[Happening], agency: str, segment: str, window: str, as_of: datetime
) -> dict[str, Any]:
    """The figures again, from PRODUCT's definitions alone."""
    return reference.figures(events, agency, segment, WINDOWS[window], as_of, HORIZON)
