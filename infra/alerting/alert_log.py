"""Alerts and what was done about them, read and written through the process that has the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from infra.alerting.actions import (
    ALERTS,
    DONE,
    FIND,
    Action,
    action_row,
    listed,
    require_reference,
    subject_of,
)
from infra.clickhouse.store import Row
from schemas.rows import ALERT_ACTIONS, Table


class Answer(Protocol):
    """What a query of the store answers."""

    @property
    def rows(self) -> Sequence[Sequence[Any]]:
        """Its rows."""


RunQuery = Callable[[str, Mapping[str, Any]], Awaitable[Answer]]
Insert = Callable[[Table, Sequence[Row]], Awaitable[None]]


class AlertLog:
    """The alerts that may be seen, and what people did about them."""

    def __init__(self, run_query: RunQuery, insert: Insert, now: Callable[[], datetime]) -> None:
        """
        Args:
            run_query: answers with the rows that whoever asks may see, and no others.
            insert: writes rows, as `Store.insert`.
            now: the clock that actions are dated by.
        """
        self._run_query = run_query
        self._insert = insert
        self._now = now

    async def alerts(self, client_id: str = "", *, closed: bool = False) -> list[dict[str, Any]]:
        """Alerts as JSON values, the newest first, each with its actions in order.

        Args:
            client_id: only those of this client company; empty: of all.
            closed: those that are resolved or retracted, too.
        """
        asked = {"client": client_id}
        alerts = await self._run_query(ALERTS, asked)
        done = await self._run_query(DONE, asked)
        return listed(alerts.rows, done.rows, closed=closed)

    async def act(self, client_id: str, reference: str, action: Action) -> dict[str, Any]:
        """Note something that a person did about an alert; returns what was noted.

        Args:
            client_id: the alert's; empty: any.
            reference: the alert's id, or six characters or more of its beginning.
            action: what was done, and by whom.

        Raises:
            WrongAction: no alert has that reference, or several have.
        """
        parameters = {"reference": require_reference(reference), "client": client_id}
        found = await self._run_query(FIND, parameters)
        row = action_row(subject_of(found.rows, reference), action, self._now())
        await self._insert(ALERT_ACTIONS, [row])
        return noted(row)


def noted(row: Any) -> dict[str, Any]:
    """A row of `alert_actions` as JSON values."""
    shown = {name: row[name] for name in ("client_id", "alert_id", "agency_id", "action", "who")}
    return {**shown, "text": row["text"], "at": row["at"].isoformat(timespec="seconds")}
