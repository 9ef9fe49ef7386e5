"""The simulated events as CloudEvents, in the order in which they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from infra.simulation.language import Dialogue
from infra.simulation.plan import (
    Plan,
    PlannedCall,
    PlannedCancellation,
    PlannedPayment,
    plan,
)
from infra.simulation.recorded import RecordedCall, recorded_calls
from infra.simulation.world import SimulationSettings
from schemas.events import EndedBy

_LONGEST_DELAY = 3 * 86_400
_MEAN_DELAY = 6 * 3_600

Happening = PlannedCall | RecordedCall | PlannedPayment | PlannedCancellation


class _Sending(NamedTuple):
    """When which happening is sent; sorts by time, then by number."""

    at: int
    number: int
    happening: int


def simulate(settings: SimulationSettings | None = None) -> Iterator[dict[str, Any]]:
    """Yield the events (CloudEvents as JSON values) in the order of sending.

    That is the order of event time unless `late` delays some; `duplicates` are sent again, word
    for word, after the first. Texts are written as the events are asked for.
    """
    settings = settings or SimulationSettings()
    happenings = _happenings(plan(settings), settings)
    for sending in _sendings(happenings, settings):
        yield _event(happenings[sending.happening], sending.happening + 1, settings)


def event_count(settings: SimulationSettings) -> int:
    """How many events `simulate` yields, found without writing their texts."""
    return len(_sendings(_happenings(plan(settings), settings), settings))


def encode(event: dict[str, Any]) -> bytes:
    """One event as compact JSON in UTF-8, without a line end."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _happenings(planned: Plan, settings: SimulationSettings) -> list[Happening]:
    """Everything in order of event time; the place in the list numbers an event for good."""
    happenings: list[Happening] = [
        *planned.calls,
        *recorded_calls(settings),
        *planned.payments,
        *planned.cancellations,
    ]
    happenings.sort(key=lambda happening: happening.at)
    return happenings


def _sendings(happenings: list[Happening], settings: SimulationSettings) -> list[_Sending]:
    rng = Random(f"ascolto delivery {settings.seed}")  # noqa: S311
    sendings = []
    for number, happening in enumerate(happenings):
        at = happening.at
        if rng.random() < settings.late:
            at += _delay(rng)
        sendings.append(_Sending(at, number, number))
        if rng.random() < settings.duplicates:
            again = len(happenings) + len(sendings)
            sendings.append(_Sending(at + _delay(rng), again, number))
    sendings.sort()
    return sendings


def _delay(rng: Random) -> int:
    return min(_LONGEST_DELAY, 60 + int(rng.expovariate(1.0 / _MEAN_DELAY)))


def _event(happening: Happening, number: int, settings: SimulationSettings) -> dict[str, Any]:
    client = settings.world.client_id
    identity = f"{client}-{settings.seed}-{number:06d}"
    match happening:
        case PlannedCall():
            return _call(happening, identity, settings)
        case RecordedCall():
            return _recorded(happening, identity, client)
        case PlannedPayment():
            amount = f"{happening.cents // 100}.{happening.cents % 100:02d}"
            return _envelope(
                "payment-received",
                identity,
                f"/{client}/billing",
                {
                    "client_id": client,
                    "customer_id": happening.customer_id,
                    "amount": amount,
                    "currency": "EUR",
                    "received_at": _iso(happening.at),
                },
                happening.at,
            )
        case PlannedCancellation():
            return _cancellation(happening, identity, client)


def _cancellation(end: PlannedCancellation, identity: str, client: str) -> dict[str, Any]:
    source = "crm" if end.ended_by is EndedBy.CUSTOMER else "billing"
    number = end.customer_id.rpartition("-")[2]
    return _envelope(
        "contract-cancelled",
        identity,
        f"/{client}/{source}",
        {
            "client_id": client,
            "customer_id": end.customer_id,
            "contract_id": f"contratto-{number}-{end.contract}",
            "cancelled_at": _iso(end.at),
            "ended_by": end.ended_by.value,
        },
        end.at,
    )


def _call(call: PlannedCall, identity: str, settings: SimulationSettings) -> dict[str, Any]:
    engagement, client = call.engagement, settings.world.client_id
    dialogue = Dialogue(call, f"ascolto words {identity}")
    turns = dialogue.turns()
    seconds = turns[-1].get("end", 40.0 * len(turns))
    data: dict[str, Any] = {
        "client_id": client,
        "agency_id": engagement.agency.agency_id,
        "operator_id": f"{engagement.agency.agency_id}-op{engagement.operator + 1:02d}",
        "customer_id": engagement.customer.customer_id,
        "started_at": _iso(call.at - int(seconds) - 1),
        "ended_at": _iso(call.at),
        "service": engagement.service.value,
        "touchpoint": engagement.touchpoint.value,
        "channel": call.channel.value,
        "customer_type": engagement.customer.customer_type.value,
        "language": "it",
        "transcript": turns,
    }
    if call.survey is not None:
        data["survey"] = {"rating": call.survey, "comment": dialogue.comment(call.survey)}
    source = f"/{client}/telephony/{engagement.agency.agency_id}"
    return _envelope("call-ended", identity, source, data, call.at)


def _recorded(call: RecordedCall, identity: str, client: str) -> dict[str, Any]:
    data = {
        "client_id": client,
        "agency_id": call.agency_id,
        "operator_id": f"{call.agency_id}-op01",
        "customer_id": f"cliente-{call.name}",
        "started_at": _iso(call.started),
        "ended_at": _iso(call.at),
        "service": call.service.value,
        "touchpoint": call.touchpoint.value,
        "channel": "phone",
        "customer_type": call.customer_type.value,
        "language": "it",
        "recording": {"uri": call.file, "layout": "stereo", "sha256": call.sha256},
    }
    source = f"/{client}/telephony/{call.agency_id}"
    return _envelope("call-ended", identity, source, data, call.at)


def _envelope(
    kind: str, identity: str, source: str, data: dict[str, Any], at: float
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": f"it.ascolto.{kind}.v1",
        "time": _iso(at),
        "subject": data["customer_id"],
        "datacontenttype": "application/json",
        "data": data,
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
