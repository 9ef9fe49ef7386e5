"""Which of the page's routes who may ask; a route that is not here is the operating team's."""

from __future__ import annotations

from enum import StrEnum

from aiohttp import web


class Rule(StrEnum):
    """Who may ask a route."""

    PUBLIC = "public"
    """Anybody: it holds nothing of anyone."""
    SIGNED_IN = "signed_in"
    """Whoever may see anything; it answers from what the engine lets them read."""
    CLIENT = "client"
    """Of one client company (`client=`), whole or by agency (`agency=`)."""
    NAMED = "named"
    """Of what it names, a client company or an agency, which must be among those allowed."""
    WHOLE_CLIENT = "whole_client"
    """Of one client company with all its agencies: no single agency reads or writes it."""
    TEAM_ELSE_EMPTY = "team_else_empty"
    """The team that runs it; to others it is an empty object, which the page can show."""
    TEAM = "team"
    """The team that runs it."""


RULES = {
    "/": Rule.SIGNED_IN,
    "/calls": Rule.SIGNED_IN,
    "/coaching": Rule.SIGNED_IN,
    "/conversation": Rule.SIGNED_IN,
    "/conversations": Rule.SIGNED_IN,
    "/api/alert_sentences": Rule.CLIENT,
    "/api/alerts": Rule.CLIENT,
    "/api/alerts/{reference}/actions": Rule.WHOLE_CLIENT,
    "/api/calls": Rule.WHOLE_CLIENT,
    "/api/clients": Rule.SIGNED_IN,
    "/api/coaching": Rule.CLIENT,
    "/api/conversation": Rule.CLIENT,
    "/api/conversations": Rule.CLIENT,
    "/api/panel/{id}": Rule.CLIENT,
    "/api/panel/{id}.csv": Rule.CLIENT,
    "/api/panels": Rule.SIGNED_IN,
    "/api/status": Rule.TEAM_ELSE_EMPTY,
    "/api/updates": Rule.CLIENT,
    "/api/variables": Rule.CLIENT,
    "/api/version": Rule.CLIENT,
    "/logo": Rule.NAMED,
    "/sign-in": Rule.PUBLIC,
    "/sign-in/callback": Rule.PUBLIC,
    "/sign-out": Rule.PUBLIC,
    "/status": Rule.TEAM,
}
"""By a route's path, as it is written where it is added."""


def rule_of(request: web.Request) -> Rule:
    """The rule of the route that a request asks."""
    resource = request.match_info.route.resource
    if resource is None:
        return Rule.SIGNED_IN
    path = resource.canonical
    return Rule.PUBLIC if path.startswith("/static/") else RULES.get(path, Rule.TEAM)
