"""Alerts as the workers publish them, for tests of how people are notified."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.derived import AgencyAlert, AlertKind, AlertStatus, Quote

OPENED = datetime(2026, 6, 3, 14, tzinfo=UTC)
THREAT = "Se non paga entro domani le mandiamo l'ufficiale giudiziario."
_MEASURES: dict[AlertKind, dict[str, Any]] = {
    AlertKind.AGGRESSION_RISE: {
        "baseline": 0.118,
        "level": 0.314,
        "rise_points": 19.6,
        "rise_sd": 0.9,
        "n": 164,
        "quotes": [
            Quote(event_id="e1", turn=2, text=THREAT, aggression=0.97),
            Quote(event_id="e2", turn=5, text="Lei, [NOME], non ha scuse.", aggression=0.9),
            Quote(event_id="e3", turn=1, text="Una terza frase.", aggression=0.8),
        ],
    },
    AlertKind.NPS_FALL: {
        "baseline": 44.6,
        "level": 4.8,
        "rise_points": -39.8,
        "rise_sd": -0.6,
        "n": 120,
    },
    AlertKind.SILENCE: {
        "baseline": 204.0,
        "level": 0.0,
        "rise_points": -100.0,
        "rise_sd": -20.0,
        "n": 2,
    },
}


def alert(
    kind: AlertKind = AlertKind.AGGRESSION_RISE,
    status: AlertStatus = AlertStatus.OPEN,
    *,
    alert_id: str = "3f2a9c1b77",
    client: str = "lumina",
    agency: str = "alfa",
    opened_at: datetime = OPENED,
    **changes: Any,
) -> AgencyAlert:
    """An alert that opened two hours after the change began."""
    over = status is AlertStatus.RESOLVED
    values: dict[str, Any] = {
        "alert_id": alert_id,
        "client_id": client,
        "agency_id": agency,
        "kind": kind,
        "status": status,
        "since": opened_at - timedelta(hours=2),
        "opened_at": opened_at,
        "resolved_at": opened_at + timedelta(days=2, hours=3) if over else None,
        "quotes": [],
        **_MEASURES[kind],
    }
    return AgencyAlert.model_validate({**values, **changes})
