"""A stack whose broker is replaced while events come in; prints what became of them, as JSON."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from infra.cli.run.stack import Stack
from infra.clickhouse.client import open_embedded
from infra.settings import Settings
from infra.simulation import SimulationSettings, encode, simulate
from schemas.codec import Routed, decode_inbound

RENEWALS = 2
_PAUSE = 0.1


class Sender(threading.Thread):
    """Sends events to the public address until it is to end, and counts those accepted."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__()
        self._address = bootstrap
        self.accepted = 0
        self.ends = threading.Event()

    def run(self) -> None:
        """Send one event after the other, each until it is accepted."""
        producer = KafkaProducer(
            bootstrap_servers=self._address, acks="all", enable_idempotence=False
        )
        for event in simulate(SimulationSettings(calls=5000, days=30, audio=False)):
            routed = decode_inbound(line := encode(event))
            assert isinstance(routed, Routed)
            key = routed.event.data.customer_id.encode()
            producer.send(routed.topic.name, key=key, value=line).get(120)
            self.accepted += 1
            if self.ends.wait(_PAUSE):
                break
        producer.close()


def renewed(data_dir: Path) -> dict[str, Any]:
    """Renew a stack's broker while events come in."""
    stack = Stack(Settings(data_dir=data_dir, scorer="lexicon"), lambda _: None)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stack.stop)
        stack.start()
        for _ in (*stack.take_in_journal(), *stack.wait_until_caught_up()):
            pass
        stack.open()
        sender = Sender(stack.bootstrap)
        sender.start()
        accepted, grown = [], []
        for _ in range(RENEWALS):
            while sender.accepted < 60 * (len(accepted) + 1):
                sender.join(_PAUSE)
                assert sender.is_alive()
            accepted.append(sender.accepted)
            before = stack.grown_bytes
            for _ in stack.renew():
                pass
            grown.append([before, stack.grown_bytes])
        while sender.accepted < accepted[-1] + 60:
            sender.join(_PAUSE)
            assert sender.is_alive()
        sender.ends.set()
        sender.join()
        for _ in stack.drained():
            pass
    with contextlib.closing(open_embedded(data_dir)) as client:
        counts = "SELECT (SELECT count() FROM events FINAL), (SELECT count() FROM calls FINAL)"
        [[events, calls]] = client.query(counts).result_rows
        names = "SELECT name FROM system.databases WHERE startsWith(name, 'checkpoint_')"
        checkpoints = [name for (name,) in client.query(names).result_rows]
    return {
        "accepted": sender.accepted,
        "before_each": accepted,
        "grown": grown,
        "events": events,
        "calls": calls,
        "checkpoints": checkpoints,
    }


if __name__ == "__main__":
    print(json.dumps(renewed(Path(sys.argv[1]))))
