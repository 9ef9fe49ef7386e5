"""Writes events to the broker as fast as it takes them: `python -m ... BOOTSTRAP FILE`.

`FILE` has a line an event, a JSON array of topic, partition, key and value. All are read before
`ready` is printed; a line on stdin starts the writing; `written` follows when all are acknowledged.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
from confluent_kafka import Producer


def main() -> None:
    """Read, wait, write."""
    bootstrap, file = sys.argv[1:3]
    events = [orjson.loads(line) for line in Path(file).read_bytes().splitlines()]
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "linger.ms": 5,
            "queue.buffering.max.messages": len(events) + 1,
        }
    )
    failed: list[str] = []

    def delivered(error: object, _: object) -> None:
        if error is not None:
            failed.append(str(error))

    print("ready", flush=True)
    sys.stdin.readline()
    for topic, partition, key, value in events:
        producer.produce(topic, value.encode(), key.encode(), partition, on_delivery=delivered)
        producer.poll(0)
    producer.flush()
    if failed:
        raise SystemExit(f"{len(failed)} of {len(events)} events were not written: {failed[0]}")
    print("written", flush=True)


if __name__ == "__main__":
    main()
