"""Alerts and what was done about them, by HTTP: `/api/alerts`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from dashboards.preview.reading import Reader
from dashboards.sign_in.identities import VISITOR, Visitor
from dashboards.sign_in.table_filters import current_scope
from infra.alerting.actions import Action, AlertAction, WrongAction
from infra.alerting.alert_log import AlertLog, Insert

ACTION_HEADER = "X-Ascolto-Action"
"""A page of another site cannot send it without asking first, which is refused."""


def add_alert_routes(
    app: web.Application, reader: Reader, insert: Insert, now: Callable[[], datetime]
) -> None:
    """Serve the alerts that `reader` finds, and take actions about them, which `now` dates.

    The application has to refuse requests of other sites' pages, as `local_application` does.
    """
    routes = _AlertRoutes(reader, AlertLog(reader.rows, insert, now))
    app.router.add_get("/api/alerts", routes.alerts)
    app.router.add_post("/api/alerts/{reference}/actions", routes.act)


class _AlertRoutes:
    def __init__(self, reader: Reader, log: AlertLog) -> None:
        self._reader = reader
        self._log = log

    async def alerts(self, request: web.Request) -> web.Response:
        client = request.query.get("client", "")
        closed = request.query.get("all") == "1"
        alerts = await self._log.alerts(client, closed=closed)
        # An agency neither reads nor writes what was done about its alerts.
        return web.json_response({"alerts": alerts, "may_act": current_scope().whole(client)})

    async def act(self, request: web.Request) -> web.Response:
        if request.headers.get(ACTION_HEADER) != "1":
            raise web.HTTPForbidden(text=f"send the header {ACTION_HEADER}: 1")
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="send JSON")
        try:
            action = _action(_json(await request.text()), request.get(VISITOR, Visitor()).user)
            client = request.query.get("client", "")
            noted = await self._log.act(client, request.match_info["reference"], action)
        except WrongAction as error:
            said = {"error": "wrong", "fault": error.fault, "message": str(error)}
            return web.json_response(said, status=400)
        self._reader.forget()
        return web.json_response(noted, status=201)


def _action(asked: Any, visitor: str | None) -> Action:
    """The action of a request's JSON; of whoever is signed in, whatever it says.

    Raises:
        WrongAction: it is none.
    """
    texts = asked if isinstance(asked, dict) else {}
    if not all(isinstance(texts.get(name, ""), str) for name in ("action", "who", "text")):
        raise WrongAction("action, who and text are texts")
    try:
        kind = AlertAction(texts.get("action", ""))
    except ValueError as error:
        kinds = ", ".join(AlertAction)
        raise WrongAction(f"action is one of {kinds}") from error
    who = texts.get("who", "") if visitor is None else visitor
    return Action(kind, who, texts.get("text", ""))


def _json(text: str) -> Any:
    """JSON of a request; None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
