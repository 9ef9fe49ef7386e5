"""What people did about alerts: who acknowledged one, who owns it, what was noted."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from infra.alerting.deliveries import alert_of
from infra.clickhouse.store import Row
from infra.errors import InfraError
from infra.escaping import escaped
from processors.alerts.notices import standing_places
from schemas.derived import AgencyAlert, AlertStatus

LONGEST_NAME = 80
LONGEST_NOTE = 1000
SHORTEST_REFERENCE = 6

ALERTS = """
SELECT
    alert_id, client_id, agency_id, kind, status, since, opened_at, resolved_at,
    baseline, level, rise_points, rise_sd, n,
    arrayMap(each -> (each.event_id, each.turn, each.text, each.aggression), quotes) AS said
FROM alerts FINAL
WHERE {client:String} IN ('', client_id)
ORDER BY opened_at DESC, client_id, agency_id, kind
"""
"""Alerts, the newest first; `client` empty: of all client companies."""

DONE = """
SELECT client_id, alert_id, at, action, who, text
FROM alert_actions FINAL
WHERE {client:String} IN ('', client_id)
ORDER BY at, action_id
"""
"""What was done about them, in order."""

FIND = """
SELECT DISTINCT client_id, alert_id, agency_id
FROM alerts FINAL
WHERE startsWith(alert_id, {reference:String}) AND {client:String} IN ('', client_id)
LIMIT 2
"""
"""The alerts that a reference may mean."""


class Fault(StrEnum):
    """Why an action cannot be noted, for programs that say it in a language of their own."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    INVISIBLE = "invisible"
    NO_ALERT = "no_alert"
    OTHER = "other"


class WrongAction(InfraError):
    """An action cannot be noted; the message says what to change."""

    def __init__(self, message: str, fault: Fault = Fault.OTHER) -> None:
        super().__init__(message)
        self.fault = fault


class AlertAction(StrEnum):
    """What a person did about an alert."""

    ACKNOWLEDGED = "acknowledged"
    OWNER = "owner"
    NOTE = "note"


@dataclass(frozen=True)
class Subject:
    """The alert that an action is about."""

    client_id: str
    alert_id: str
    agency_id: str


@dataclass(frozen=True)
class Action:
    """One thing that a person did about an alert; `text` is the note, or the owner's name."""

    action: AlertAction
    who: str
    text: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody could read later.

        Raises:
            WrongAction: a name or a text is missing, too long, or holds invisible characters.
        """
        _require_text(self.who, "a name of who did it", LONGEST_NAME)
        if self.action is AlertAction.NOTE:
            _require_text(self.text, "a note", LONGEST_NOTE, lines=True)
        elif self.action is AlertAction.OWNER:
            _require_text(self.text, "the owner's name", LONGEST_NAME)
        elif self.text:
            raise WrongAction("an acknowledgement has no text: add a note")


def subject_of(rows: Sequence[Sequence[Any]], reference: str) -> Subject:
    """The one alert that a reference, its id or the beginning of it, means.

    Args:
        rows: of `FIND`.
        reference: what was asked for.

    Raises:
        WrongAction: no alert has it, or several have.
    """
    if not rows:
        raise WrongAction(
            f"there is no alert {escaped(reference)}: ascolto alerts list --all shows them",
            Fault.NO_ALERT,
        )
    if len(rows) > 1:
        raise WrongAction(f"several alerts begin with {escaped(reference)}: give more of the id")
    return Subject(*map(str, rows[0]))


def require_reference(reference: str) -> str:
    """A reference that can be looked up: an alert's id, or six characters or more of it.

    Raises:
        WrongAction: it is too short.
    """
    if len(reference) < SHORTEST_REFERENCE:
        raise WrongAction(
            f"{escaped(reference)!r} is too short: give {SHORTEST_REFERENCE} characters or more of "
            "the alert's id, as its message and ascolto alerts list show it"
        )
    return reference


def action_row(subject: Subject, action: Action, now: datetime) -> Row:
    """The row of `alert_actions` of something done now."""
    return {
        "client_id": subject.client_id,
        "alert_id": subject.alert_id,
        "action_id": uuid.uuid4().hex,
        "agency_id": subject.agency_id,
        "action": action.action.value,
        "who": action.who.strip(),
        "text": action.text.strip(),
        "at": now,
        "version": round(now.timestamp() * 1e6),
    }


def listed(
    alert_rows: Iterable[Sequence[Any]], done: Iterable[Sequence[Any]], *, closed: bool
) -> list[dict[str, Any]]:
    """Alerts as JSON values, each with its actions; acknowledged_by and owner are the last such.

    What was done about an alert that was retracted because late events moved its opening belongs
    to the one in its place.

    Args:
        alert_rows: of `ALERTS`.
        done: rows of `DONE`.
        closed: those that are resolved or retracted, too.
    """
    alerts = [alert_of(row) for row in alert_rows]
    places = standing_places(alerts)
    actions: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for client_id, alert_id, at, action, who, text in done:
        place = places.get((client_id, alert_id), alert_id)
        actions[client_id, place].append(
            {"at": _iso(at), "action": str(action), "who": who, "text": text}
        )
    shown = [each for each in alerts if closed or each.status is AlertStatus.OPEN]
    return [_with(each, actions[each.client_id, each.alert_id]) for each in shown]


def _with(alert: AgencyAlert, history: list[dict[str, str]]) -> dict[str, Any]:
    last = {each["action"]: each for each in history}
    acknowledged, owner = last.get(AlertAction.ACKNOWLEDGED), last.get(AlertAction.OWNER)
    return {
        **alert.model_dump(mode="json"),
        "acknowledged_by": None if acknowledged is None else acknowledged["who"],
        "owner": None if owner is None else owner["text"],
        "actions": history,
    }


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).isoformat(timespec="seconds")


def _require_text(text: str, what: str, most: int, *, lines: bool = False) -> None:
    if not text.strip():
        raise WrongAction(f"{what} is missing", Fault.MISSING)
    if len(text) > most:
        raise WrongAction(
            f"{what} may have {most} characters at most: it has {len(text)}", Fault.TOO_LONG
        )
    if escaped(text, lines=lines) != text:
        raise WrongAction(f"{what} holds invisible characters: leave them out", Fault.INVISIBLE)
