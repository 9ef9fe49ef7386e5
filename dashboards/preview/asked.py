"""What a request asks: the reader's choices and language, and who answers."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from dashboards.panels import ALL_SEGMENTS, DEFAULT_WINDOW
from dashboards.preview.macros import Choices, InvalidChoiceError
from dashboards.preview.reading import Reader
from dashboards.texts import LANGUAGES
from infra.registry import RegistryFile

READER = web.AppKey("reader", Reader)
LANGUAGE = web.AppKey("language", str)
TIME_ZONE = web.AppKey("time-zone", str)
CURRENCY = web.AppKey("currency", str)
NAMES = web.AppKey("names", RegistryFile)


def asked_language(request: web.Request) -> str:
    """The language that the request asks for, or the application's."""
    asked = request.query.get("lang", "")
    return asked if asked in LANGUAGES else request.app[LANGUAGE]


def zone_of(request: web.Request, client: str) -> ZoneInfo:
    """The zone of the times that a client company's people read."""
    app = request.app
    return ZoneInfo(app[NAMES].current().time_zone(client, app[TIME_ZONE]))


def choices_of(request: web.Request, to: datetime | None = None) -> Choices:
    """The request's choices, as of the time it asks for, or of `to`, or of now.

    Raises InvalidChoiceError for a choice that nothing can be shown for.
    """
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


async def choices_until_newest(request: web.Request) -> Choices:
    """The request's choices; where it asks for no time, as of the client company's newest data."""
    choices = choices_of(request)
    if "to" in request.query:
        return choices
    newest = await request.app[READER].newest(choices)
    return choices_of(request, newest.time or choices.to)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidChoiceError("time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
