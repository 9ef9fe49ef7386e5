"""What the store holds of alerts and of the messages about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.alerting.targets_file import Addressee
from infra.clickhouse.store import Row, Store
from processors.alerts.notices import Notice, Reported
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
    sent: dict[str, Reported] = field(default_factory=dict)
    """What was reported to it, by the alert's id."""

    def add(self, reported: Reported) -> None:
        """Note a message, unless a later one about the same alert is noted."""
        before = self.sent.get(reported.alert.alert_id)
        if before is None or reported.number > before.number:
            self.sent[reported.alert.alert_id] = reported


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
                history.add(Reported(number, AgencyAlert.model_validate_json(alert), thread))
            else:
                history.since = _utc(sent_at)
        return found

    async def begin(self, addressee: Addressee, now: datetime) -> None:
        """Note that a target is there from now on."""
        await self._store.insert(NOTIFICATIONS, [_row(addressee, now)])

    async def record(self, addressee: Addressee, notice: Notice, now: datetime) -> None:
        """Note that a target has accepted a message; waits while the store is away."""
        rows = [_row(addressee, now, reported) for reported in noted(notice)]
        await self._store.insert(NOTIFICATIONS, rows)


def noted(notice: Notice) -> list[Reported]:
    """What has been reported to a target once a message is accepted."""
    reported = [Reported(notice.number, notice.alert, notice.thread)]
    if notice.replaces is not None:
        reported.append(Reported(notice.number, notice.replaces, notice.thread))
    return reported


def alert_of(row: Sequence[Any]) -> AgencyAlert:
    """The alert of a row of `_ALERTS`."""
    values = dict(zip(_ALERT, row, strict=False))
    for name in ("since", "opened_at", "resolved_at"):
        values[name] = values[name] and _utc(values[name])
    quotes = [
        each if isinstance(each, dict) else dict(zip(_QUOTE, each, strict=True)) for each in row[-1]
    ]
    return AgencyAlert.model_validate({**values, "quotes": quotes})


def _row(addressee: Addressee, now: datetime, reported: Reported | None = None) -> Row:
    alert = None if reported is None else reported.alert.model_copy(update={"quotes": []})
    return {
        "client_id": addressee.client_id,
        "target": addressee.name,
        "alert_id": "" if alert is None else alert.alert_id,
        "number": 0 if reported is None else reported.number,
        "agency_id": "" if alert is None else alert.agency_id,
        "kind": "" if alert is None else alert.kind.value,
        "status": "" if alert is None else alert.status.value,
        "alert": "" if alert is None else alert.model_dump_json(),
        "thread": "" if reported is None else reported.thread,
        "sent_at": now,
        "version": round(now.timestamp() * 1e6),
    }


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
