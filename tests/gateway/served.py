"""The gateway in this process, with a recording double in Kafka's place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from infra.gateway.application import Ports, create_application
from infra.gateway.delivery import Message, NotDelivered
from infra.gateway.keys import Key, KeyFile, KeyRing, hash_of, new_token
from infra.gateway.limits import RateLimit
from infra.gateway.received_files import ReceivedFiles

MOST_RECORDING = 100_000
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass
class Recorded:
    """Takes messages, or does not."""

    messages: list[Message] = field(default_factory=list)
    away: bool = False

    @property
    def ready(self) -> bool:
        return not self.away

    async def deliver(self, messages: Sequence[Message]) -> None:
        if self.away:
            raise NotDelivered("Kafka has not confirmed within 10 s")
        self.messages.extend(messages)


@dataclass
class Served:
    """A gateway's parts, and a client with a key of company `luce`."""

    client: httpx.AsyncClient
    delivery: Recorded
    keys: KeyFile
    recordings: Path
    ports: Ports

    def key(self, name: str, **more: Any) -> str:
        """Make a key; returns what its source sends."""
        token = new_token()
        made = {"client": "luce", "sha256": hash_of(token), "created_at": datetime.now(UTC)}
        self.keys.add(Key.model_validate({"name": name, **made, **more}))
        return token

    async def post(
        self, content: bytes, media_type: str = STRUCTURED, path: str = "/v1/events", **headers: str
    ) -> httpx.Response:
        """Send a body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            path, content=content, headers={"Content-Type": media_type, **named}
        )

    @property
    def sent(self) -> list[bytes]:
        return [message.value for message in self.delivery.messages]


def serve(folder: Path, *, rate: float = 1000.0, **more: Any) -> Served:
    """A gateway whose client has a key for every type of `luce`'s events."""
    recordings = folder / "recordings"
    recordings.mkdir()
    keys = KeyFile(folder / "gateway-keys.json")
    delivery = Recorded()
    ports = Ports(
        keys=KeyRing(keys),
        delivery=delivery,
        files=ReceivedFiles(recordings),
        rate=RateLimit(rate),
        most_recording_bytes=MOST_RECORDING,
        **more,
    )
    transport = httpx.ASGITransport(create_application(ports))
    client = httpx.AsyncClient(transport=transport, base_url="http://gateway.test")
    served = Served(client, delivery, keys, recordings, ports)
    client.headers["Authorization"] = f"Bearer {served.key('switchboard')}"
    return served


def payment(number: int = 1, **data: Any) -> dict[str, Any]:
    """A valid payment."""
    return {
        "specversion": "1.0",
        "id": f"pay-{number}",
        "source": "urn:billing",
        "type": "it.ascolto.payment-received.v1",
        "data": {
            "client_id": "luce",
            "customer_id": "C-1",
            "amount": "12.50",
            "received_at": "2026-03-02T10:00:00+01:00",
            **data,
        },
    }


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def reasons(answer: httpx.Response) -> list[tuple[int | None, str]]:
    """The index and reason of each error of an answer."""
    return [(each.get("index"), each["reason"]) for each in answer.json()["errors"]]
