"""The preview's web application: read-only, for browsers on this machine."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from dashboards.panels import DEFAULT_WINDOW, OVERVIEW, SMALL_SAMPLE, WINDOWS, Panel, panel
from dashboards.preview.alert_routes import add_alert_routes
from dashboards.preview.asked import (
    CURRENCY,
    LANGUAGE,
    NAMES,
    READER,
    TIME_ZONE,
    asked_language,
    choices_of,
    choices_until_newest,
    zone_of,
)
from dashboards.preview.calls_page import CallsPage, ReadBacklog, unknown_backlog
from dashboards.preview.conversation_routes import add_conversation_routes, search_choices
from dashboards.preview.csv_files import csv_of
from dashboards.preview.macros import Choices, InvalidChoiceError
from dashboards.preview.reading import Json, QueryResult, Reader, RunQuery
from dashboards.preview.updates import Updates
from dashboards.preview.views import VIEWS, static_files
from dashboards.sign_in.identities import VISITOR, Visitor
from dashboards.sign_in.table_filters import current_scope, filtered
from dashboards.texts import DEFAULT_LANGUAGE, LANGUAGES, texts
from infra.alerting.alert_log import Insert
from infra.registry import RegistryFile
from infra.status_page import Handler, local_application

if TYPE_CHECKING:
    from dashboards.sign_in.guard import Guard

__all__ = ["QueryResult", "create_preview"]

_LOG = logging.getLogger(__name__)
DEFAULT_TIME_ZONE = "Europe/Rome"
DEFAULT_CURRENCY = "EUR"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_PICTURE_ALONE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""Of a logo that is opened by itself: a script in an SVG does not run."""

Status = Callable[[], Mapping[str, Any]]

_STATUS: web.AppKey[Status] = web.AppKey("status")
_FOLLOWS_UP = web.AppKey("follows-up", bool)
"""Whether what people do about alerts can be written."""


def create_preview(
    run_query: RunQuery,
    *,
    language: str = DEFAULT_LANGUAGE,
    status: Status | None = None,
    names: RegistryFile | None = None,
    read_backlog: ReadBacklog = unknown_backlog,
    time_zone: str = DEFAULT_TIME_ZONE,
    insert: Insert | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    guard: Guard | None = None,
    at_once: int = 1,
    currency: str = DEFAULT_CURRENCY,
) -> web.Application:
    """The page and its data; without a `guard` to be served on 127.0.0.1 only.

    `run_query` runs SQL with bound `{name:Type}` parameters and is awaited, `at_once` queries at
    a time; `status` gives what the worker reports of itself (event-time clock, counts): JSON
    values, dates included; `names` is the registry of display names; `read_backlog` says which
    calls wait; times are shown in `time_zone`; `insert` writes what people do about alerts, dated
    by `now`; `guard` knows who may see what; `currency` is that of the sums. Raises ValueError for
    a language there are no texts in, ZoneInfoNotFoundError for an unknown time zone.
    """
    texts(language)
    ZoneInfo(time_zone)
    run_query = filtered(run_query)
    if guard is None:
        app = local_application([_store_away])
    else:
        app = local_application([guard.middleware, _store_away], guard.public_url)
        guard.add_routes(app)
    app.on_response_prepare.append(_harden)
    app[READER] = Reader(run_query, at_once=at_once)
    app[LANGUAGE] = language
    app[_STATUS] = status or dict
    app[NAMES] = names or RegistryFile(None)
    app[TIME_ZONE] = time_zone
    app[CURRENCY] = currency
    for view in VIEWS:
        app.router.add_get(view.path, view.serve)
    app.router.add_get("/api/calls", CallsPage(run_query, read_backlog).figures)
    app[_FOLLOWS_UP] = insert is not None
    if insert is not None:
        add_alert_routes(app, app[READER], insert, now)
    app.router.add_get("/status", _status)
    app.router.add_get("/api/status", _status)
    app.router.add_get("/api/panels", _panels)
    app.router.add_get("/api/clients", _clients)
    app.router.add_get("/api/variables", _variables)
    app.router.add_get("/api/version", _version)
    app.router.add_get("/api/panel/{id}.csv", _panel_csv)
    app.router.add_get("/api/panel/{id}", _panel)
    add_conversation_routes(app.router)
    app.router.add_get("/logo", _logo)
    updates = Updates(partial(_version_now, app), partial(_reach, app))
    app.router.add_get("/api/updates", updates.serve, allow_head=False)
    app.on_shutdown.append(updates.close)
    app.router.add_get("/static/plotly.min.js", _Plotly().serve)
    for name, content in static_files():
        serve = partial(_own_file, content, _TYPES[name[name.rfind(".") :]])
        app.router.add_get(f"/static/{name}", serve)
    return app


@web.middleware
async def _store_away(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPException, asyncio.CancelledError):
        raise
    except InvalidChoiceError as error:
        return web.json_response({"error": "invalid", "field": str(error)}, status=400)
    except Exception as error:
        _LOG.warning("preview: %s failed with %s", request.path, type(error).__name__)
        return web.json_response({"error": "unavailable"}, status=503)


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"


async def _status(request: web.Request) -> web.Response:
    return web.json_response(dict(request.app[_STATUS]()), dumps=partial(json.dumps, default=str))


async def _panels(request: web.Request) -> web.Response:
    language = asked_language(request)
    words = texts(language)
    return web.json_response(
        {
            "language": language,
            "languages": LANGUAGES,
            "windows": WINDOWS,
            "window": DEFAULT_WINDOW,
            "small_sample": SMALL_SAMPLE,
            "time_zone": request.app[TIME_ZONE],
            "currency": request.app[CURRENCY],
            "plotly": f"/static/plotly.min.js?v={version('plotly')}",
            "search": search_choices(),
            "visitor": vars(request.get(VISITOR, Visitor())),
            "follow_up": request.app[_FOLLOWS_UP],
            "texts": dict(words),
            "panels": [
                {
                    "id": each.id,
                    "shape": each.shape,
                    "unit": each.unit,
                    "low": each.low,
                    "high": each.high,
                    "width": each.width,
                    "title": words[f"panel.{each.id}.title"],
                    "description": words[f"panel.{each.id}.description"],
                }
                for each in OVERVIEW
            ],
        }
    )


async def _clients(request: web.Request) -> web.Response:
    clients = await request.app[READER].clients()
    registry = request.app[NAMES].current()
    names = [[each, registry.client(each)] for each in clients]
    return web.json_response({"clients": clients, "names": names})


async def _variables(request: web.Request) -> web.Response:
    reader, choices = request.app[READER], choices_of(request)
    agencies = await reader.agencies(choices)
    return web.json_response(
        {
            "agencies": agencies,
            "segments": await reader.segments(choices),
            "names": _names(request.app[NAMES], choices.client, agencies),
            "time_zone": zone_of(request, choices.client).key,
        }
    )


def _names(names: RegistryFile, client: str, agencies: list[str]) -> Json:
    """The names of one client company and of its agencies, and where their logos are."""
    registry, version = names.current(), names.version

    def logo(agency: str | None) -> str | None:
        if registry.logo(client, agency) is None:
            return None
        which = {"client": client, "version": version}
        return f"/logo?{urlencode(which if agency is None else {**which, 'agency': agency})}"

    return {
        "client": {"name": registry.client(client), "logo": logo(None)},
        "agencies": [[each, registry.agency(client, each), logo(each)] for each in agencies],
    }


async def _logo(request: web.Request) -> web.Response:
    asked = request.query
    found = request.app[NAMES].logo(asked.get("client", ""), asked.get("agency"))
    if found is None:
        raise web.HTTPNotFound(text="no logo")
    headers = {"Content-Security-Policy": _PICTURE_ALONE}
    return web.Response(body=found.content, content_type=found.media_type, headers=headers)


async def _version(request: web.Request) -> web.Response:
    """What `/api/updates` sends, to be asked for once."""
    choices = choices_of(request) if request.query.get("client") else None
    version, reach = await _version_now(request.app), await _reach(request.app, choices)
    return web.json_response({"version": version, **reach})


async def _version_now(app: web.Application) -> str:
    """A text that differs whenever what the pages show has changed."""
    return f"{await app[READER].revision()}.{app[NAMES].version}"


async def _reach(app: web.Application, choices: Choices | None) -> Json:
    """Until when a client company's data reach, and how far a stack that started again is."""
    if choices is None:
        return {"newest": None}
    newest = await app[READER].newest(choices)
    refilling = app[_STATUS]().get("taken_in_again")
    if refilling is not None and not current_scope().everything:
        refilling = "…"  # The counts are of all client companies.
    return {**newest.as_json(), "refilling": refilling}


def _asked_panel(request: web.Request) -> Panel:
    try:
        return panel(request.match_info["id"])
    except KeyError:
        raise web.HTTPNotFound(text="no such panel") from None


async def _panel(request: web.Request) -> web.Response:
    asked = _asked_panel(request)
    choices = await choices_until_newest(request)
    answer = await request.app[READER].panel(asked, choices)
    return web.json_response({"id": asked.id, "to": choices.to.isoformat(), **answer})


async def _panel_csv(request: web.Request) -> web.Response:
    """The panel's rows as a file for a spreadsheet."""
    asked, language = _asked_panel(request), asked_language(request)
    choices = await choices_until_newest(request)
    registry, zone = request.app[NAMES].current(), zone_of(request, choices.client)
    content = csv_of(
        await request.app[READER].panel(asked, choices),
        texts(language),
        decimal_comma=language == "it",
        zone=zone,
        name_of=partial(registry.agency, choices.client),
    )
    day = choices.to.astimezone(zone).date()
    name = f"ascolto-{asked.id}-{choices.window}-{day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)


async def _own_file(content: bytes, content_type: str, _: web.Request) -> web.Response:
    headers = {"Cache-Control": "no-cache"}
    return web.Response(body=content, content_type=content_type, charset="utf-8", headers=headers)


class _Plotly:
    """Plotly's script from the installed package, compressed once."""

    def __init__(self) -> None:
        self._compressed: asyncio.Task[bytes] | None = None

    async def serve(self, request: web.Request) -> web.Response:
        if self._compressed is None:
            self._compressed = asyncio.ensure_future(asyncio.to_thread(_compressed_plotly))
        body = await asyncio.shield(self._compressed)
        headers = {"Cache-Control": "max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = await asyncio.to_thread(gzip.decompress, body)
        return web.Response(
            body=body, content_type="text/javascript", charset="utf-8", headers=headers
        )


def _compressed_plotly() -> bytes:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return gzip.compress(script.encode(), 6)
