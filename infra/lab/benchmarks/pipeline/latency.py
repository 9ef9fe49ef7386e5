"""How long after the broker has accepted a call its row can be read, and the figures that count it.

Through the workers with the settings of the embedded stack, the texts given: one call at a time,
then 10 and 100 a second. A thread in the analytics worker asks its store 20 times a second.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.embedded import processes as children
from infra.errors import InfraError
from infra.lab.benchmarks.figures import Figure
from infra.lab.benchmarks.pipeline.contenders import ASCOLTO, Contender, embedded_settings, started
from infra.lab.benchmarks.pipeline.load import AGENCIES, CLIENT, KEY
from infra.lab.benchmarks.pipeline.peers import IMPORTS
from infra.lab.benchmarks.pipeline.size import size
from infra.simulation import SimulationSettings, encode, simulate
from processors.identity.event_identity import event_identity
from schemas.topics import CALL_ENDED

if TYPE_CHECKING:
    from kafka import KafkaProducer

IDLE_CALLS = 20
RATES = (10, 100)
"""Calls a second."""
SECONDS = 15
_WARM_UP = 50
_MOST_SECONDS = 120.0
_SOURCE = "//bench/calls"
_CALL_TYPE = "it.ascolto.call-ended.v1"


class NeverReadable(InfraError):
    """Calls that were accepted cannot be read after a long time."""


@dataclass
class _Probed:
    """What the worker's thread has noted: when each row was there, and each number of calls."""

    file: Path
    rows: dict[str, float] = field(default_factory=dict)
    calls: list[tuple[int, float]] = field(default_factory=list)
    _read: int = 0

    def read(self) -> None:
        """Take in what was noted since."""
        with contextlib.suppress(FileNotFoundError), self.file.open(encoding="utf-8") as lines:
            lines.seek(self._read)
            for line in iter(lines.readline, ""):
                if not line.endswith("\n"):
                    break
                self._read += len(line.encode())
                noted = json.loads(line)
                if "row" in noted:
                    self.rows[noted["row"]] = noted["at"]
                else:
                    self.calls.append((noted["calls"], noted["at"]))

    def counted_at(self, calls: int) -> float | None:
        """When the figures first counted so many calls; None while they do not."""
        return next((at for counted, at in self.calls if counted >= calls), None)


def latency() -> Iterator[Figure]:
    """50th and 99th percentiles in seconds, at each rate; then the worst of all rates."""
    worst: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory, _stack(Path(directory)) as (contender, probed):
        sender = _Sender(contender.bootstrap)
        sender.send_all(_WARM_UP, 0.05)
        sender.wait(probed)
        for name, calls, pause in _phases():
            first = sender.sent
            if pause:
                sender.send_all(calls, pause)
            else:
                sender.send_each(calls, probed)
            sender.wait(probed)
            for kind, delays in sender.delays(probed, first).items():
                for percentile, value in _percentiles(delays).items():
                    figure = f"{kind}.{percentile}"
                    worst[figure] = max(worst.get(figure, 0.0), value)
                    yield Figure(f"{name}.{figure}", value, "s")
    bars = {"row.p50": "below 1", "row.p99": "below 2", "figures.p50": "", "figures.p99": "below 4"}
    for figure, value in worst.items():
        yield Figure(figure, value, "s", bars[figure])


def _phases() -> Iterator[tuple[str, int, float]]:
    """Name, number of calls, and seconds between them; 0: one at a time."""
    yield "idle", size("BENCH_IDLE_CALLS", IDLE_CALLS), 0.0
    seconds = size("BENCH_SECONDS", SECONDS)
    for rate in RATES:
        yield f"at_{rate}", rate * seconds, 1 / rate


class _Sender:
    """Sends calls that end now, and notes when the broker has accepted each."""

    def __init__(self, bootstrap: str) -> None:
        from kafka import KafkaProducer

        self._producer: KafkaProducer = KafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=0
        )
        self._texts = _texts()
        self._accepted: list[tuple[str, float]] = []
        self.sent = 0

    def send_all(self, calls: int, pause: float) -> None:
        """Send calls at a rate."""
        began = time.monotonic()
        for number in range(calls):
            time.sleep(max(0.0, began + number * pause - time.monotonic()))
            self._send()
        self._producer.flush()

    def send_each(self, calls: int, probed: _Probed) -> None:
        """Send calls one at a time, each when the figures count the one before."""
        for _ in range(calls):
            self._send()
            self._producer.flush()
            self.wait(probed)

    def wait(self, probed: _Probed) -> None:
        """Wait until all that was sent can be read.

        Raises:
            NeverReadable: it cannot.
        """
        deadline = time.monotonic() + _MOST_SECONDS
        while len(probed.rows) < self.sent or probed.counted_at(self.sent) is None:
            if time.monotonic() > deadline:
                counted = probed.calls[-1][0] if probed.calls else 0
                raise NeverReadable(
                    f"of {self.sent} calls {len(probed.rows)} can be read and {counted} are in "
                    f"the figures after {_MOST_SECONDS:.0f} s"
                )
            time.sleep(0.02)
            probed.read()

    def delays(self, probed: _Probed, first: int) -> dict[str, list[float]]:
        """Of the calls from the `first` on: seconds to the row, and to the figures.

        The n-th call accepted is in the figures when they count n calls.
        """
        accepted = sorted(self._accepted, key=lambda each: each[1])
        rows, figures = [], []
        for number, (identity, at) in enumerate(accepted[first:], first + 1):
            counted = probed.counted_at(number)
            assert counted is not None, "waited for"
            rows.append(probed.rows[identity] - at)
            figures.append(counted - at)
        return {"row": rows, "figures": figures}

    def _send(self) -> None:
        identity = f"call-{self.sent}"
        event = self._event(identity)
        name = event_identity(KEY, CLIENT, _CALL_TYPE, _SOURCE, identity)
        sending = self._producer.send(
            CALL_ENDED.name, encode(event), event["data"]["customer_id"].encode()
        )
        sending.add_callback(lambda _: self._accepted.append((name, time.monotonic())))
        self.sent += 1

    def _event(self, identity: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        event = self._texts[self.sent % len(self._texts)]
        data = {
            **event["data"],
            "client_id": CLIENT,
            "agency_id": AGENCIES[self.sent % len(AGENCIES)],
            "customer_id": f"customer-{self.sent}",
            "started_at": (now - timedelta(minutes=4)).isoformat(),
            "ended_at": now.isoformat(),
        }
        return {**event, "id": identity, "source": _SOURCE, "time": now.isoformat(), "data": data}


def _texts() -> list[dict[str, Any]]:
    """Simulated phone calls."""
    events = simulate(SimulationSettings(calls=300, audio=False))
    calls = (event for event in events if event["type"] == _CALL_TYPE)
    return [call for call in calls if call["data"].get("transcript")]


@contextlib.contextmanager
def _stack(folder: Path) -> Iterator[tuple[Contender, _Probed]]:
    """A broker and the workers."""
    probed = _Probed(folder / "probed.jsonl")
    command = [sys.executable, "-m", "tests.benchmarks.probed_worker", str(probed.file)]
    with started(Contender(ASCOLTO, folder / "stack", command=command)) as contender:
        transcriber = children.start(
            [sys.executable, "-m", "infra.cli.main", "run", "transcriber"],
            folder / "transcriber.log",
            {**IMPORTS, **embedded_settings(contender.bootstrap, folder / "transcriber")},
        )
        try:
            yield contender, probed
        finally:
            children.stop(transcriber, 20.0)


def _percentiles(delays: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(delays, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98]}
