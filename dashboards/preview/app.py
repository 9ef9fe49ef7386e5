"""The preview's web application: read-only, for browsers on this machine."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from dashboards.panels import ALL_SEGMENTS, DEFAULT_WINDOW, OVERVIEW, SMALL_SAMPLE, WINDOWS, panel
from dashboards.preview.calls_page import CallsPage, ReadBacklog, unknown_backlog
from dashboards.preview.macros import Choices, InvalidChoiceError
from dashboards.preview.reading import Json, QueryResult, Reader, RunQuery
from dashboards.preview.updates import Updates
from dashboards.sign_in.table_filters import filtered
from dashboards.texts import DEFAULT_LANGUAGE, LANGUAGES, texts
from infra.registry import RegistryFile
from infra.status_page import Handler, local_application

if TYPE_CHECKING:
    from dashboards.sign_in.guard import Guard

__all__ = ["QueryResult", "create_preview"]

_LOG = logging.getLogger(__name__)
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

_READER = web.AppKey("reader", Reader)
_LANGUAGE = web.AppKey("language", str)
_STATUS: web.AppKey[Status] = web.AppKey("status")
_NAMES = web.AppKey("names", RegistryFile)


def create_preview(
    run_query: RunQuery,
    *,
    language: str = DEFAULT_LANGUAGE,
    status: Status | None = None,
    names: RegistryFile | None = None,
    read_backlog: ReadBacklog = unknown_backlog,
    guard: Guard | None = None,
    at_once: int = 1,
) -> web.Application:
    """The page and its data; without a `guard` to be served on 127.0.0.1 only.

    `run_query` runs SQL with bound `{name:Type}` parameters and is awaited, `at_once` queries at
    a time; `status` gives what the worker reports of itself (event-time clock, counts): JSON
    values, dates included; `names` is the registry of display names; `read_backlog` says which
    calls wait; `guard` knows who may see what. Raises ValueError for a language without texts.
    """
    texts(language)
    run_query = filtered(run_query)
    if guard is None:
        app = local_application([_store_away])
    else:
        app = local_application([guard.middleware, _store_away], guard.public_url)
        guard.add_routes(app)
    app.on_response_prepare.append(_harden)
    app[_READER] = Reader(run_query, at_once=at_once)
    app[_LANGUAGE] = language
    app[_STATUS] = status or dict
    app[_NAMES] = names or RegistryFile(None)
    app.router.add_get("/", _DASHBOARD.serve)
    app.router.add_get("/calls", _OUTCOMES.serve)
    app.router.add_get("/api/calls", CallsPage(run_query, read_backlog).figures)
    app.router.add_get("/status", _status)
    app.router.add_get("/api/status", _status)
    app.router.add_get("/api/panels", _panels)
    app.router.add_get("/api/clients", _clients)
    app.router.add_get("/api/variables", _variables)
    app.router.add_get("/api/version", _version)
    app.router.add_get("/api/panel/{id}", _panel)
    app.router.add_get("/logo", _logo)
    updates = Updates(app[_READER], app[_NAMES])
    app.router.add_get("/api/updates", updates.serve, allow_head=False)
    app.on_shutdown.append(updates.close)
    app.router.add_get("/static/plotly.min.js", _Plotly().serve)
    for path in files(__package__).joinpath("static").iterdir():
        suffix = path.name[path.name.rfind(".") :]
        if suffix in _TYPES:
            serve = partial(_own_file, path.read_bytes(), _TYPES[suffix])
            app.router.add_get(f"/static/{path.name}", serve)
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


def _asked_language(request: web.Request) -> str:
    asked = request.query.get("lang", "")
    return asked if asked in LANGUAGES else request.app[_LANGUAGE]


@dataclass(frozen=True)
class _View:
    """A page: the key of its title, the id of its main element, and its scripts."""

    title: str
    main: str
    scripts: str

    async def serve(self, request: web.Request) -> web.Response:
        language = _asked_language(request)
        page = files(__package__).joinpath("static", "index.html").read_text(encoding="utf-8")
        page = page.replace("{{language}}", escape(language))
        page = page.replace("{{title}}", escape(texts(language)[self.title]))
        page = page.replace("{{main}}", self.main).replace("{{scripts}}", self.scripts)
        return web.Response(text=page, content_type="text/html")


def _script(name: str) -> str:
    return f'<script src="/static/{name}" type="module"></script>'


_DASHBOARD = _View(
    "dashboard.title",
    "dashboard",
    f'<script src="/static/plotly.min.js?v={version("plotly")}" defer></script>\n'
    + _script("preview.js"),
)
_OUTCOMES = _View("outcomes.title", "outcomes", _script("calls.js"))


async def _status(request: web.Request) -> web.Response:
    return web.json_response(dict(request.app[_STATUS]()), dumps=partial(json.dumps, default=str))


async def _panels(request: web.Request) -> web.Response:
    language = _asked_language(request)
    words = texts(language)
    return web.json_response(
        {
            "language": language,
            "languages": LANGUAGES,
            "windows": WINDOWS,
            "window": DEFAULT_WINDOW,
            "small_sample": SMALL_SAMPLE,
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
    clients = await request.app[_READER].clients()
    registry = request.app[_NAMES].current()
    names = [[each, registry.client(each)] for each in clients]
    return web.json_response({"clients": clients, "names": names})


async def _variables(request: web.Request) -> web.Response:
    reader, choices = request.app[_READER], _choices(request)
    agencies = await reader.agencies(choices)
    return web.json_response(
        {
            "agencies": agencies,
            "segments": await reader.segments(choices),
            "names": _names(request.app[_NAMES], choices.client, agencies),
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
    found = request.app[_NAMES].logo(asked.get("client", ""), asked.get("agency"))
    if found is None:
        raise web.HTTPNotFound(text="no logo")
    headers = {"Content-Security-Policy": _PICTURE_ALONE}
    return web.Response(body=found.content, content_type=found.media_type, headers=headers)


async def _version(request: web.Request) -> web.Response:
    """What a page asks every two seconds to know whether the data have changed."""
    reader = request.app[_READER]
    version = f"{await reader.revision()}.{request.app[_NAMES].version}"
    answer: dict[str, Json] = {"version": version, "newest": None}
    if request.query.get("client"):
        newest = await reader.newest(_choices(request))
        answer["newest"] = newest.isoformat() if newest else None
    return web.json_response(answer)


async def _panel(request: web.Request) -> web.Response:
    try:
        asked = panel(request.match_info["id"])
    except KeyError:
        raise web.HTTPNotFound(text="no such panel") from None
    reader, choices = request.app[_READER], _choices(request)
    if "to" not in request.query:
        newest = await reader.newest(choices)
        choices = _choices(request, newest or choices.to)
    answer = await reader.panel(asked, choices)
    return web.json_response({"id": asked.id, "to": choices.to.isoformat(), **answer})


def _choices(request: web.Request, to: datetime | None = None) -> Choices:
    asked = request.query
    now = datetime.now(UTC)
    if to is None:
        to = min(_time(asked["to"]), now) if "to" in asked else now
    return Choices(
        client=asked.get("client", ""),
        to=to,
        window=asked.get("window", DEFAULT_WINDOW),
        segment=asked.get("segment", ALL_SEGMENTS),
        agencies=tuple(asked.getall("agency", [])),
    )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidChoiceError("time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


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
