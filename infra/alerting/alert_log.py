"""Alerts and what was done about them, read and written through the process that has the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.alerting.actions import (
    FIND,
    LIST,
    Action,
    action_row,
    listed,
    require_reference,
    subject_of,
)
from infra.clickhouse.store import Store
from schemas.rows import ALERT_ACTIONS


class AlertLog:
    """The alerts of all client companies; who may see which is the caller's to decide."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """`now` is the clock that actions are dated by."""
        self._store = store
        self._now = now

    async def alerts(self, client_id: str = "", *, closed: bool = False) -> list[dict[str, Any]]:
        """Alerts as JSON values, the newest first, each with its actions in order.

        Args:
            client_id: only those of this client company; empty: of all.
            closed: those that are resolved or retracted, too.
        """
        _, rows = await self._store.query(LIST, {"client": client_id, "all": int(closed)})
        return listed(rows)

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
        _, rows = await self._store.query(FIND, parameters)
        row = action_row(subject_of(rows, reference), action, self._now())
        await self._store.insert(ALERT_ACTIONS, [row])
        return noted(row)


def noted(row: Any) -> dict[str, Any]:
    """A row of `alert_actions` as JSON values."""
    shown = {name: row[name] for name in ("client_id", "alert_id", "agency_id", "action", "who")}
    return {**shown, "text": row["text"], "at": row["at"].isoformat(timespec="seconds")}
