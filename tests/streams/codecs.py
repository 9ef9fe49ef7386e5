"""Batches as senders write them: compressed in every way there is, or broken on the way."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from processors.identity.event_identity import identity_of
from schemas.codec import InvalidMessage, decode_inbound
from schemas.topics import CALL_ENDED, PAYMENT_RECEIVED, Topic

CODECS = (None, "gzip", "snappy", "lz4", "zstd")
_EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
_CALL = json.loads((_EXAMPLES / "call-ended" / "with-transcript.json").read_text())
_PAYMENT = json.loads((_EXAMPLES / "payment-received" / "payment.json").read_text())


CUSTOMER = str(_PAYMENT["data"]["customer_id"]).encode()
"""Whose events they are."""


def event(topic: Topic, event_id: str) -> bytes:
    """An event of `call-ended` or `payment-received`."""
    return json.dumps(
        {**{CALL_ENDED: _CALL, PAYMENT_RECEIVED: _PAYMENT}[topic], "id": event_id}
    ).encode()


def identity_in(key: str, topic: Topic, event_id: str) -> str:
    """The identity of that event where the pseudonym key is `key`."""
    routed = decode_inbound(event(topic, event_id))
    assert not isinstance(routed, InvalidMessage)
    return identity_of(key.encode(), routed.event)


def binary(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The headers and the value of an event in binary mode."""
    attributes = json.loads(raw)
    data = attributes.pop("data")
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    return headers, json.dumps(data).encode()


def send(
    bootstrap: str,
    topic: Topic,
    codec: str | None,
    values: Sequence[bytes],
    *,
    in_binary_mode: bool = False,
) -> None:
    """Send `values` in batches compressed with `codec`."""
    from kafka import KafkaProducer

    producer = KafkaProducer(
        bootstrap_servers=bootstrap,
        compression_type=codec,
        linger_ms=50,
        max_request_size=5_000_000,
        acks="all",
        enable_idempotence=False,
    )
    messages = [binary(value) if in_binary_mode else ([], value) for value in values]
    sent = [
        producer.send(topic.name, key=CUSTOMER, value=value, headers=headers)
        for headers, value in messages
    ]
    producer.flush()
    for each in sent:
        each.get(timeout=30)
    producer.close()


async def send_damaged(
    bootstrap: str,
    topic: Topic,
    partition: int,
    values: Sequence[bytes],
    change: Callable[[bytearray], None],
) -> int:
    """Send `values` as one batch that is damaged before it leaves; returns its first offset."""
    from aiokafka import AIOKafkaProducer

    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        batch = producer.create_batch()
        for value in values:
            batch.append(key=CUSTOMER, value=value, timestamp=None)
        build = batch._build

        def damaged() -> bytearray:
            raw = bytearray(build())
            change(raw)
            return raw

        batch._build = damaged
        sent = await producer.send_batch(batch, topic.name, partition=partition)
        return int((await sent).offset)
    finally:
        await producer.stop()


def damage(raw: bytearray) -> None:
    """As a disk might: the checksum no longer fits."""
    raw[-3] ^= 0xFF


def unknown_codec(raw: bytearray) -> None:
    """A codec that is none yet, with a checksum that fits."""
    from aiokafka.record.util import calc_crc32c_py

    raw[22] = (raw[22] & ~0x07) | 0x07
    struct.pack_into(">I", raw, 17, calc_crc32c_py(bytes(raw[21:])))


def torn(raw: bytearray) -> None:
    """Said to be compressed with lz4, and no such thing; with a checksum that fits."""
    from aiokafka.record.util import calc_crc32c_py

    raw[22] = (raw[22] & ~0x07) | 0x03
    struct.pack_into(">I", raw, 17, calc_crc32c_py(bytes(raw[21:])))
