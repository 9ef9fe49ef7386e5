"""A Grafana for tests: the parts of its HTTP API that we use, with the shapes of version 12 and 13.

Written from Grafana's documentation and sources: what it adds to what it is given, what it hides,
what it refuses, and to whom. It notes each request, so that a test can hold it against Grafana's
own description of its API.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.grafana.contents import Contents, Organisation, Refused


class ServedGrafana(Contents):
    """A Grafana on this machine, in a thread of the test's process."""

    def __init__(self, *, path: str = "", versions_as_list: bool = False) -> None:
        self.path = path
        self.versions_as_list = versions_as_list
        """As Grafana 9 and 10 list a dashboard's versions."""
        self.orgs = {1: Organisation(1, "Main Org.", {1: "Admin"})}
        self.users: dict[int, dict[str, Any]] = {
            1: {"id": 1, "login": "admin", "email": "admin@localhost", "password": "pw"}
        }
        self.tokens: dict[str, tuple[int, str]] = {"glsa_admin": (1, "Admin")}
        """Organisation and role of each service account's token."""
        self.clickhouse: Callable[[dict[str, Any], str], str] = lambda *_: ""
        """What ClickHouse says to a data source's options and password; empty: signed in."""
        self.requests: list[tuple[str, str, Any]] = []
        """Method, path below /api, and body of each request."""
        self.answers: list[tuple[str, str, int, Any]] = []
        """Method, path, status and body of each answer that is no error."""
        self.fail_at: Callable[[str, str], bool] = lambda *_: False
        """Requests, by method and path, that end with status 500."""
        self.broken = False
        self.starting = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ServedGrafana:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def changes(self) -> list[tuple[str, str]]:
        """Method and path of all requests that change something."""
        return [(method, path) for method, path, _ in self.requests if method != "GET"]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if not path.startswith(f"{self.path}/api/"):
            return web.Response(text="<!DOCTYPE html>login", content_type="text/html", status=200)
        path = path.removeprefix(f"{self.path}/api")
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.method, path, body))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        try:
            if self.starting:
                raise Refused(503, "Service unavailable")
            if self.broken or self.fail_at(request.method, path):
                raise Refused(500, "Internal server error")
            if parts == ["health"]:
                return web.json_response({"database": "ok", "version": "13.2.1", "commit": "x"})
            org, role, user = self._who(request)
            status, answer = self._dispatch(request, parts, body, org, role, user)
        except Refused as refused:
            return web.json_response({"message": str(refused)}, status=refused.status)
        self.answers.append((request.method, path, status, copy.deepcopy(answer)))
        if answer is None:
            return web.Response(status=status)
        return web.json_response(answer, status=status)

    def _who(self, request: web.Request) -> tuple[Organisation, str, dict[str, Any] | None]:
        """Organisation, role in it and, of basic authentication, the user."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer" and given in self.tokens:
            org, role = self.tokens[given]
            return self.orgs[org], role, None
        if scheme == "Basic":
            login, _, password = base64.b64decode(given).decode().partition(":")
            for user in self.users.values():
                if (user["login"], user["password"]) == (login, password):
                    asked = int(request.headers.get("X-Grafana-Org-Id", "1"))
                    found = self.orgs.get(asked)
                    if found is None:
                        raise Refused(401, "Unauthorized")
                    return found, found.users.get(user["id"], ""), user
        raise Refused(
            401, "Invalid API key" if scheme == "Bearer" else "Invalid username or password"
        )

    def _dispatch(
        self,
        request: web.Request,
        parts: list[str],
        body: Any,
        org: Organisation,
        role: str,
        user: dict[str, Any] | None,
    ) -> tuple[int, Any]:
        method, top = request.method, parts[0]
        if top in ("orgs", "users", "admin"):
            if user is None or user["id"] != 1:
                raise Refused(403, "Permission denied")
            return self._administration(method, parts, body, user, request)
        if role != "Admin":
            raise Refused(403, "You'll need additional permissions to perform this action")
        handlers: dict[str, Any] = {
            "org": self._organisation,
            "folders": self._folders,
            "dashboards": self._dashboards,
            "search": self._search,
            "datasources": self._data_sources,
            "v1": self._provisioning,
        }
        if top not in handlers:
            raise Refused(404, "Not found")
        return handlers[top](method, parts, body, org, request)

    # Administration of the whole server

    def _administration(
        self, method: str, parts: list[str], body: Any, user: dict[str, Any], request: web.Request
    ) -> tuple[int, Any]:
        match (method, *parts):
            case ("GET", "orgs"):
                page, size = (
                    int(request.query.get("page", 0)),
                    int(request.query.get("perpage", 1000)),
                )
                listed = [{"id": each.id, "name": each.name} for each in self.orgs.values()]
                return 200, listed[page * size : (page + 1) * size]
            case ("GET", "orgs", "name", name):
                for each in self.orgs.values():
                    if each.name == name:
                        return 200, {"id": each.id, "name": each.name, "address": {}}
                raise Refused(404, "Organization not found")
            case ("POST", "orgs"):
                if any(each.name == body["name"] for each in self.orgs.values()):
                    raise Refused(409, "Organization name taken")
                number = self._number()
                self.orgs[number] = Organisation(number, body["name"], {user["id"]: "Admin"})
                return 200, {"message": "Organization created", "orgId": number}
            case ("DELETE", "orgs", number):
                if self.orgs.pop(int(number), None) is None:
                    raise Refused(404, "Failed to delete organization. ID not found")
                return 200, {"message": "Organization deleted"}
            case ("GET", "orgs", number, "users"):
                return 200, [
                    self._member(self._org(number), id_) for id_ in self._org(number).users
                ]
            case ("POST", "orgs", number, "users"):
                found = self._lookup(body["loginOrEmail"])
                if found is None:
                    raise Refused(404, "User not found")
                if found["id"] in self._org(number).users:
                    raise Refused(409, "User is already member of this organization")
                self._org(number).users[found["id"]] = body["role"]
                return 200, {"message": "User added to organization", "userId": found["id"]}
            case ("PATCH", "orgs", number, "users", id_):
                self._org(number).users[int(id_)] = body["role"]
                return 200, {"message": "Organization user updated"}
            case ("DELETE", "orgs", number, "users", id_):
                self._org(number).users.pop(int(id_), None)
                return 200, {"message": "User removed from organization"}
            case ("GET", "users", "lookup"):
                found = self._lookup(request.query["loginOrEmail"])
                if found is None:
                    raise Refused(404, "user not found")
                return 200, {"id": found["id"], "login": found["login"], "email": found["email"]}
            case ("GET", "users", id_, "orgs"):
                return 200, [
                    {"orgId": each.id, "name": each.name, "role": each.users[int(id_)]}
                    for each in self.orgs.values()
                    if int(id_) in each.users
                ]
        raise Refused(404, "Not found")

    def add_user(self, login: str, email: str, *orgs: int) -> int:
        """A person who can sign in already, a viewer of some organisations."""
        number = self._number()
        self.users[number] = {"id": number, "login": login, "email": email, "password": "own"}
        for org in orgs:
            self.orgs[org].users[number] = "Viewer"
        return number

    def _lookup(self, name: str) -> dict[str, Any] | None:
        for each in self.users.values():
            if name in (each["login"], each["email"]):
                return each
        return None

    def _member(self, org: Organisation, id_: int) -> dict[str, Any]:
        user = self.users[id_]
        return {
            "orgId": org.id,
            "userId": id_,
            "login": user["login"],
            "email": user["email"],
            "name": "",
            "avatarUrl": "/avatar/x",
            "role": org.users[id_],
            "lastSeenAt": "2026-01-01T00:00:00Z",
            "lastSeenAtAge": "1y",
            "isDisabled": False,
            "authLabels": [],
            "isExternallySynced": False,
        }

    def _org(self, number: str) -> Organisation:
        if int(number) not in self.orgs:
            raise Refused(404, "Organization not found")
        return self.orgs[int(number)]
