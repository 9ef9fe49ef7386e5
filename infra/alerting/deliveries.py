"""What the store holds of alerts and of the messages about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.alerting.targets_file import Addressee
from infra.clickhouse.store import Row, Store
from processors.alerts.notices import Notice, Told
from schemas.derived import AgencyAlert
from schemas.rows import NOTIFICATIONS

_ALERT = (
    *("alert_id", "client_id", "agency_id", "kind", "status", "since", "opened_at", "resolved_at"),
    *("baseline", "level", "rise_points", "rise_sd", "n"),
)
_ALERTS = (
    f"SELECT {', '.join(_ALERT)}, "  # noqa: S608 - constants
    "arrayMap(each -> (each.event_id, each.turn, each.text, each.aggression), quotes) AS said "
    "FROM alerts FINAL WHERE client_id IN {clients:Array(String)}"
)
_SENT = (
    "SELECT client_id, target, alert_id, number, alert, thread, sent_at FROM notifications FINAL "
    "WHERE client_id IN {clients:Array(String)}"
)
_QUOTE = ("event_id", "turn", "text", "aggression")


@dataclass
class History:
    """What one target was sent."""

    since: datetime | None = None
    """When it was first there; None: never before."""
    sent: dict[str, Told] = field(default_factory=dict)
    """What it was told, by the alert's id."""

    def add(self, told: Told) -> None:
        """Note a message, unless a later one about the same alert is noted."""
        before = self.sent.get(told.alert.alert_id)
        if before is None or told.number > before.number:
            self.sent[told.alert.alert_id] = told


class Deliveries:
    """The alerts and the messages in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def alerts(self, clients: Collection[str]) -> dict[str, list[AgencyAlert]]:
        """Every alert of each of these client companies, as it is now."""
        _, rows = await self._store.query(_ALERTS, {"clients": sorted(clients)})
        found: dict[str, list[AgencyAlert]] = defaultdict(list)
        for row in rows:
            alert = alert_of(row)
            found[alert.client_id].append(alert)
        return found

    async def histories(self, clients: Collection[str]) -> dict[tuple[str, str], History]:
        """What each target of these client companies was sent."""
        _, rows = await self._store.query(_SENT, {"clients": sorted(clients)})
        found: dict[tuple[str, str], History] = defaultdict(History)
        for client_id, target, alert_id, number, alert, thread, sent_at in rows:
            history = found[client_id, target]
            if alert_id:
                history.add(Told(number, AgencyAlert.model_validate_json(alert), thread))
            else:
                history.since = _utc(sent_at)
        return found

    async def begin(self, addressee: Addressee, now: datetime) -> None:
        """Note that a target is there from now on."""
        await self._store.insert(NOTIFICATIONS, [_row(addressee, now)])

    async def record(self, addressee: Addressee, notice: Notice, now: datetime) -> None:
        """Note that a target has accepted a message; waits while the store is away."""
        rows = [_row(addressee, now, told) for told in noted(notice)]
        await self._store.insert(NOTIFICATIONS, rows)


def noted(notice: Notice) -> list[Told]:
    """What a target has been told once a message is accepted."""
    told = [Told(notice.number, notice.alert, notice.thread)]
    if notice.replaces is not None:
        told.append(Told(notice.number, notice.replaces, notice.thread))
    return told


def alert_of(row: Sequence[Any]) -> AgencyAlert:
    """The alert of a row of `_ALERTS`."""
    values = dict(zip(_ALERT, row, strict=False))
    for name in ("since", "opened_at", "resolved_at"):
        values[name] = values[name] and _utc(values[name])
    quotes = [
        each if isinstance(each, dict) else dict(zip(_QUOTE, each, strict=True)) for each in row[-1]
    ]
    return AgencyAlert.model_validate({**values, "quotes": quotes})


def _row(addressee: Addressee, now: datetime, told: Told | None = None) -> Row:
    alert = None if told is None else told.alert.model_copy(update={"quotes": []})
    return {
        "client_id": addressee.client_id,
        "target": addressee.name,
        "alert_id": "" if alert is None else alert.alert_id,
        "number": 0 if told is None else told.number,
        "agency_id": "" if alert is None else alert.agency_id,
        "kind": "" if alert is None else alert.kind.value,
        "status": "" if alert is None else alert.status.value,
        "alert": "" if alert is None else alert.model_dump_json(),
        "thread": "" if told is None else told.thread,
        "sent_at": now,
        "version": round(now.timestamp() * 1e6),
    }


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
