"""Lets each request through with what its sender may see, and nothing more."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from aiohttp import web

from dashboards.sign_in.configuration import CALLBACK_PATH, SignIn, SignInError, SignInFile
from dashboards.sign_in.identities import (
    EVERYTHING,
    VISITOR,
    Identity,
    Scope,
    Visitor,
    scope_of,
)
from dashboards.sign_in.rules import Rule, rule_of
from dashboards.sign_in.sessions import Cookies, Sessions
from dashboards.sign_in.signing import Signing
from dashboards.sign_in.table_filters import asked_by
from infra.status_page import Handler, from_this_machine

log = logging.getLogger(__name__)


class Guard:
    """Knows who sends a request, and what the sign-in file lets them see."""

    def __init__(
        self, file: SignInFile, session_key: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        """Raises SignInError where the file cannot be used."""
        self._file = file
        self._at_start = file.current()
        cookies = Cookies(session_key, self._at_start.secure, clock)
        self._sessions = Sessions(cookies)
        self._signing = Signing(file, cookies, self._sessions, clock)

    @property
    def middleware(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        """What every request of the application goes through."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._check(request, handler)

        return check

    @property
    def public_url(self) -> str:
        """The page's address as people open it."""
        return self._at_start.public_url

    def add_routes(self, app: web.Application) -> None:
        """Add the routes by which people sign in and out."""
        app.router.add_post("/sign-out", self._signing.sign_out)
        if self._at_start.oidc is not None:
            app.router.add_get("/sign-in", self._signing.begin)
            app.router.add_get(CALLBACK_PATH, self._signing.end)

    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        rule = rule_of(request)
        if rule is Rule.PUBLIC:
            return await handler(request)
        if from_this_machine(request):
            with asked_by(EVERYTHING):
                return await handler(request)
        try:
            sign_in = self._file.current()
        except SignInError as error:
            log.error("nobody has access to the page: %s", error)
            raise web.HTTPServiceUnavailable(text="sign-in is not available now") from None
        identity = self._identity(request, sign_in)
        if identity is None:
            return self._asked_to_sign_in(request)
        scope = scope_of(identity, sign_in)
        if not scope.everything and not scope.clients:
            raise web.HTTPForbidden(text="this account has no access here")
        request[VISITOR] = Visitor(
            identity.user,
            sign_in.oidc is not None,
            of_agency=not scope.everything and not any(map(scope.whole, scope.clients)),
        )
        if rule is Rule.TEAM_ELSE_EMPTY and not scope.everything:
            return web.json_response({})
        with asked_by(scope):
            return await handler(narrowed(request, rule, scope))

    def _identity(self, request: web.Request, sign_in: SignIn) -> Identity | None:
        """Who sends a request; None where nobody is signed in."""
        if sign_in.proxy is None:
            session = self._sessions.current(request)
            return None if session is None else session.identity
        if not sign_in.proxy.trusts(request.remote):
            raise web.HTTPForbidden(text="this page is reached through its proxy only")
        users = request.headers.getall(sign_in.proxy.user_header, [])
        if len(users) != 1 or not users[0].strip():
            return None
        groups = ",".join(request.headers.getall(sign_in.proxy.groups_header, []))
        named = frozenset(each.strip() for each in groups.split(",") if each.strip())
        return Identity(users[0].strip(), named)

    def _asked_to_sign_in(self, request: web.Request) -> web.StreamResponse:
        opens = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if opens and self._at_start.oidc is not None:
            query = urlencode({"next": request.path_qs})
            raise web.HTTPFound(f"/sign-in?{query}")
        return web.json_response({"error": "sign_in"}, status=401)


def narrowed(request: web.Request, rule: Rule, scope: Scope) -> web.Request:
    """The request with only what the scope allows in its choices.

    Raises:
        HTTPForbidden: it asks for more.
    """
    if scope.everything:
        return request
    if rule is Rule.TEAM:
        raise web.HTTPForbidden(text="this is for the team that runs Ascolto")
    query = request.rel_url.query
    clients = query.getall("client", [])
    if len(clients) > 1:
        raise web.HTTPForbidden(text="one client company at a time")
    if clients == [""]:
        clients = []
    if not clients and rule is Rule.WHOLE_CLIENT and len(scope.clients) == 1:
        clients = list(scope.clients)
    if not clients:
        if rule is Rule.WHOLE_CLIENT:
            raise web.HTTPForbidden(text="name one client company: client=")
        return request
    client = clients[0]
    allowed = scope.allows(client) if rule is not Rule.WHOLE_CLIENT else scope.whole(client)
    if not allowed:
        raise web.HTTPForbidden(text="this account may not see that client company")
    agencies = scope.agencies(client)
    asked = query.getall("agency", [])
    if agencies is not None:
        if not agencies.issuperset(asked):
            raise web.HTTPForbidden(text="this account may not see that agency")
        if rule is not Rule.NAMED:
            asked = asked or sorted(agencies)
    pairs = [(name, value) for name, value in query.items() if name not in ("client", "agency")]
    pairs += [("client", client), *(("agency", each) for each in asked)]
    return request.clone(rel_url=request.rel_url.with_query(pairs))
