"""Routes to the conversations behind a figure, and to the sentences worth training with."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from dashboards.conversations import (
    CHOICES,
    SEARCHED,
    InvalidSearchError,
    Search,
    conversation_variables,
)
from dashboards.preview.asked import READER, choices_until_newest
from dashboards.preview.macros import InvalidChoiceError

_PARTS = {
    "conversation": "conversation",
    "turns": "conversation_turns",
    "scores": "conversation_scores",
    "outcome": "conversation_outcome",
    "others": "conversation_others",
    "events": "conversation_events",
}
"""What is shown of one conversation, and the query of each."""

_NO_MORE: Mapping[str, str] = {}


def add_conversation_routes(router: web.UrlDispatcher) -> None:
    """Add `/api/conversations`, `/api/conversation`, `/api/coaching`, `/api/alert_sentences`."""
    router.add_get("/api/conversations", _conversations)
    router.add_get("/api/conversation", _conversation)
    router.add_get("/api/coaching", _coaching)
    router.add_get("/api/alert_sentences", _alert_sentences)


def search_choices() -> Mapping[str, object]:
    """What a search can ask for, for the page's form."""
    return {"choices": CHOICES, "searched": SEARCHED}


async def _conversations(request: web.Request) -> web.Response:
    """One page of a search; `after` of its last row asks for the next."""
    names = Search.__dataclass_fields__
    try:
        search = Search(**{name: request.query[name] for name in names if name in request.query})
    except InvalidSearchError as error:
        raise InvalidChoiceError(str(error)) from None
    return await _answer(request, "conversations", search.variables)


async def _conversation(request: web.Request) -> web.Response:
    """One conversation: its scores, turns, scores along it, and what followed."""
    try:
        asked = conversation_variables(request.query.get("conversation", ""))
    except InvalidSearchError as error:
        raise InvalidChoiceError(str(error)) from None
    choices = await choices_until_newest(request)
    reader = request.app[READER]
    parts = {part: await reader.answer(name, choices, asked) for part, name in _PARTS.items()}
    if not parts["conversation"]["rows"]:
        return web.json_response({"error": "unknown"}, status=404)
    return web.json_response({"to": choices.to.isoformat(), **parts})


async def _coaching(request: web.Request) -> web.Response:
    return await _answer(request, "coaching", _NO_MORE)


async def _alert_sentences(request: web.Request) -> web.Response:
    return await _answer(request, "alert_sentences", _NO_MORE)


async def _answer(request: web.Request, name: str, more: Mapping[str, str]) -> web.Response:
    choices = await choices_until_newest(request)
    answer = await request.app[READER].answer(name, choices, more)
    return web.json_response({"to": choices.to.isoformat(), **answer})
