"""Signing in by OpenID Connect: against a provider with real signatures, and against lies."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from joserfc.jwk import RSAKey
from yarl import URL

from dashboards.preview import QueryResult, create_preview
from dashboards.sign_in.configuration import SignInError, SignInFile, load_sign_in
from dashboards.sign_in.guard import Guard
from dashboards.sign_in.identities import Identity
from dashboards.sign_in.sessions import Cookies, LongNameError, Sessions, session_key
from dashboards.sign_in.signing import ATTEMPT_SECONDS, local_path
from tests.dashboards.oidc_provider import CLIENT_ID, SECRET, TestProvider

Asker = TestClient[web.Request, web.Application]

HTML = {"Accept": "text/html"}


async def no_rows(*_: object) -> QueryResult:
    return QueryResult(columns=["n"], rows=[["0"]])


class World:
    """A provider, the page, and a browser."""

    def __init__(self, provider: TestProvider, browser: Asker, file: Path) -> None:
        self.provider = provider
        self.browser = browser
        self.file = file
        self.now = time.time()

    async def begin(self, path: str = "/?client=lumina") -> URL:
        """Open a page; the address at the provider that one is sent to."""
        first = await self.browser.get(path, headers=HTML, allow_redirects=False)
        assert first.status == 302, await first.text()
        second = await self.browser.get(first.headers["Location"], allow_redirects=False)
        assert second.status == 302, await second.text()
        return URL(second.headers["Location"])

    async def back(self, address: URL) -> URL:
        """Where the provider sends the browser back to."""
        async with (
            ClientSession() as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            return URL(answer.headers["Location"])

    async def sign_in(self, path: str = "/?client=lumina") -> ClientResponse:
        back = await self.back(await self.begin(path))
        return await self.browser.get(back.raw_path_qs, allow_redirects=False)

    async def signed_in(self) -> bool:
        return (await self.browser.get("/api/clients")).status == 200


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    provider = TestProvider()
    async with TestServer(provider.application()) as issuer:
        provider.issuer = str(issuer.make_url("")).rstrip("/")
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        file = tmp_path / "sign-in.yaml"
        file.write_text(
            f"public_url: http://127.0.0.1\n"
            f"oidc:\n  issuer: {provider.issuer}\n  client_id: {CLIENT_ID}\n"
            "  client_secret_file: secret\n"
            "access:\n  - {users: [anna@lumina.example], client: lumina}\n"
            "  - {groups: [agency], client: lumina, agencies: [alba]}\n"
        )
        made: list[World] = []
        guard = Guard(SignInFile(file), session_key(tmp_path), lambda: made[0].now)
        server = TestServer(create_preview(no_rows, guard=guard))
        async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as browser:
            made.append(World(provider, browser, file))
            provider.clock = lambda: made[0].now
            yield made[0]


async def test_one_signs_in_by_the_provider_and_comes_back_to_where_one_was(world: World) -> None:
    assert not await world.signed_in()
    done = await world.sign_in("/calls?client=lumina")
    assert (done.status, done.headers["Location"]) == (302, "/calls?client=lumina")
    cookie = next(each for each in done.headers.getall("Set-Cookie") if "session=" in each)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "anna" not in cookie, "what a session holds is encrypted"
    assert await world.signed_in()
    visitor = (await (await world.browser.get("/api/panels")).json())["visitor"]
    assert visitor == {
        "user": "anna@lumina.example",
        "signs_out": True,
        "of_agency": False,
    }
    assert (await world.browser.get("/status")).status == 403


async def test_each_attempt_has_a_state_a_nonce_and_a_challenge_of_its_own(world: World) -> None:
    first = (await world.begin()).query
    world.browser.session.cookie_jar.clear()
    second = (await world.begin()).query
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert first["redirect_uri"] == "http://127.0.0.1/sign-in/callback"


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another page"},
        {"aud": [CLIENT_ID, "another page"], "azp": "another page"},
        {"iss": "https://evil.example"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"email": None},
        {"email": "anna@lumina.example", "email_verified": False},
    ],
    ids=str,
)
async def test_an_id_token_that_does_not_hold_is_refused(world: World, lie: dict[str, Any]) -> None:
    def changed(claims: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**claims, **lie}.items() if value is not None}

    world.provider.changed = changed
    done = await world.sign_in()
    assert done.status == 403
    assert not await world.signed_in()


@pytest.mark.parametrize("how", ["by_another", "by_nothing", "by_its_public_key"])
async def test_a_signature_that_is_not_the_providers_is_refused(world: World, how: str) -> None:
    world.provider.signed = getattr(world.provider, f"sign_{how}")
    assert (await world.sign_in()).status == 403
    assert not await world.signed_in()


async def test_another_state_or_no_attempt_at_all_is_refused(world: World) -> None:
    back = await world.back(await world.begin())
    wrong = back.update_query(state="another")
    answer = await world.browser.get(wrong.raw_path_qs, allow_redirects=False)
    assert answer.headers["Location"] == "/sign-in?next=/", "it begins again"
    assert "/token" not in world.provider.asked, "nothing of that answer was used"
    assert not await world.signed_in()
    elsewhere = back.update_query(iss="https://evil.example")
    assert (await world.browser.get(elsewhere.raw_path_qs, allow_redirects=False)).status == 403
    world.browser.session.cookie_jar.clear()
    assert (await world.browser.get(back.raw_path_qs, allow_redirects=False)).status == 403
    assert not await world.signed_in()


async def test_an_answer_is_taken_once_and_in_time(world: World) -> None:
    back = await world.back(await world.begin())
    assert (await world.browser.get(back.raw_path_qs, allow_redirects=False)).status == 302
    await world.browser.post("/sign-out")
    assert (await world.browser.get(back.raw_path_qs, allow_redirects=False)).status == 403
    back = await world.back(await world.begin())
    world.now += ATTEMPT_SECONDS + 1
    assert (await world.browser.get(back.raw_path_qs, allow_redirects=False)).status == 403


async def test_pages_that_ask_at_the_same_time_are_signed_in_together(world: World) -> None:
    """As all those of a browser whose session has ended."""
    paths = ["/?client=lumina", "/calls?client=lumina", "/coaching"]
    backs = [await world.back(await world.begin(path)) for path in paths]
    for path, back in reversed([*zip(paths, backs, strict=True)]):
        done = await world.browser.get(back.raw_path_qs, allow_redirects=False)
        assert (done.status, done.headers["Location"]) == (302, path)
    assert world.provider.asked.count("/token") == 1, "who is signed in needs no second session"
    assert await world.signed_in()


async def test_what_the_provider_refuses_is_refused(world: World) -> None:
    state = quote((await world.begin()).query["state"])
    answer = f"/sign-in/callback?error=access_denied&state={state}"
    assert (await world.browser.get(answer, allow_redirects=False)).status == 403
    answer = f"/sign-in/callback?code=made-up&state={state}"
    assert (await world.browser.get(answer, allow_redirects=False)).status == 403


async def test_the_provider_may_change_its_keys(world: World) -> None:
    await world.sign_in()
    await world.browser.post("/sign-out")
    world.provider.keys = [RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})]
    world.now += 40
    assert (await world.sign_in()).status == 302
    await world.browser.post("/sign-out")
    asked = world.provider.asked.count("/keys")
    world.provider.signed = world.provider.sign_by_another
    assert [(await world.sign_in()).status for _ in range(3)] == [403] * 3
    assert world.provider.asked.count("/keys") == asked, "wrong tokens do not have it asked again"


async def test_a_session_ends_by_time_by_signing_out_and_by_the_file(world: World) -> None:
    await world.sign_in()
    world.now += 8 * 3600 - 5
    assert await world.signed_in()
    world.now += 10
    assert not await world.signed_in()
    await world.sign_in()
    answer = await world.browser.post("/sign-out")
    assert (await answer.json())["next"].startswith(f"{world.provider.issuer}/logout?client_id=")
    assert not await world.signed_in()
    await world.sign_in()
    world.file.write_text(world.file.read_text().replace("anna@", "another@"))
    assert (await world.browser.get("/api/clients")).status == 403


async def test_a_provider_that_is_away_is_said(world: World) -> None:
    world.provider.away = True
    assert (await world.browser.get("/sign-in", allow_redirects=False)).status == 503
    world.provider.away = False
    back = await world.back(await world.begin())
    world.provider.away = True
    assert (await world.browser.get(back.raw_path_qs, allow_redirects=False)).status == 503
    world.provider.away = False
    assert (await world.sign_in()).status == 302


async def test_the_description_of_another_issuer_is_refused(world: World) -> None:
    world.provider.described = {"issuer": "https://evil.example"}
    assert (await world.browser.get("/sign-in", allow_redirects=False)).status == 503


async def test_groups_give_access_too(world: World) -> None:
    world.provider.claims = {"sub": "2", "email": "b@agency.example", "groups": ["agency"]}
    await world.sign_in()
    assert await world.signed_in()
    assert (await world.browser.get("/api/calls?client=lumina")).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/.//evil.example",
        "//[evil",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "evil",
        "/a\nb",
        "/sign-in",
        "",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(world: World, path: str) -> None:
    assert local_path(path) == "/"
    first = await world.browser.get("/sign-in", params={"next": path}, allow_redirects=False)
    back = await world.back(URL(first.headers["Location"]))
    done = await world.browser.get(back.raw_path_qs, allow_redirects=False)
    assert done.headers["Location"] == "/"


@pytest.mark.parametrize("spoilt", ["", "x", "a.b.c.d.e", "eyJhbGciOiJub25lIn0..."])
async def test_a_cookie_of_somebodys_own_making_is_no_session(world: World, spoilt: str) -> None:
    world.browser.session.cookie_jar.update_cookies({"ascolto-session": spoilt})
    assert not await world.signed_in()


async def test_a_cookie_of_one_purpose_serves_no_other(world: World) -> None:
    await world.begin()
    jar = {each.key: each.value for each in world.browser.session.cookie_jar}
    cookies = {"ascolto-session": jar["ascolto-attempt"]}
    world.browser.session.cookie_jar.update_cookies(cookies)
    assert not await world.signed_in()


def test_with_https_a_cookie_is_of_this_host_and_of_https_only() -> None:
    cookies = Cookies(bytes(32), True, time.time)
    response = web.Response()
    Sessions(cookies).start(response, Identity("anna"), 60)
    [morsel] = response.cookies.values()
    assert morsel.key == "__Host-ascolto-session"
    assert morsel["secure"] is True


ANNA = "anna@lumina.example"


@pytest.mark.parametrize(
    ("user", "group", "number", "least"),
    [
        (ANNA, "/società à017 {:03}", 150, 110),
        (ANNA, "/группа должников {:03}", 150, 60),
        (ANNA, "group-{:04}", 2000, 180),
        (ANNA, 'a"\\\n\x01{:03}', 400, 100),
        (ANNA, "half \ud800 {:03}", 10, 10),
        ("анна" * 128, "/società à017 {:03}", 150, 60),
        ("\U0001f600" * 512, "g{:03}", 150, 60),
        ("a" * 2698, "g", 1, 0),
    ],
    ids=["italian", "cyrillic", "many", "escaped", "halves", "long name", "longest", "full"],
)
def test_a_browser_takes_the_cookie_of_any_session(
    user: str, group: str, number: int, least: int
) -> None:
    sessions = Sessions(Cookies(bytes(32), True, lambda: 1_800_000_000.123456))
    groups = frozenset(group.format(each) for each in range(number))
    response = web.Response()
    sessions.start(response, Identity(user, groups), 86_400)
    [morsel] = response.cookies.values()
    assert len(morsel.OutputString()) < 4000
    request = make_mocked_request("GET", "/", {"Cookie": f"{morsel.key}={morsel.value}"})
    session = sessions.current(request)
    assert session is not None
    assert session.identity.user == user
    assert session.identity.groups <= groups
    assert len(session.identity.groups) >= least


def test_a_name_that_no_cookie_has_room_for_is_refused() -> None:
    sessions = Sessions(Cookies(bytes(32), True, time.time))
    with pytest.raises(LongNameError, match="2700 bytes"):
        sessions.start(web.Response(), Identity("я" * 1400), 60)


async def test_who_has_a_name_that_is_too_long_is_not_signed_in(world: World) -> None:
    world.provider.claims = {"sub": "3", "email": "a" * 5000, "groups": ["agency"]}
    assert (await world.sign_in()).status == 403
    assert not await world.signed_in()


async def test_a_client_secret_that_changed_is_read_again(world: World) -> None:
    assert (await world.sign_in()).status == 302
    await world.browser.post("/sign-out")
    secret = world.file.parent / "secret"
    secret.write_text("another")
    assert (await world.sign_in()).status == 403, "the provider takes its own secret only"
    secret.write_text(SECRET)
    assert (await world.sign_in()).status == 302
    secret.unlink()
    assert (await world.browser.get("/sign-in", allow_redirects=False)).status == 503
    assert (await world.browser.post("/sign-out")).status == 200, "one signs out all the same"
    assert not await world.signed_in()


def test_the_sessions_key_is_made_once(tmp_path: Path) -> None:
    first = session_key(tmp_path / "d")
    assert session_key(tmp_path / "d") == first
    assert (tmp_path / "d" / "session.key").stat().st_mode & 0o077 == 0
    (tmp_path / "d" / "session.key").write_text("short")
    with pytest.raises(ValueError, match="holds no key"):
        session_key(tmp_path / "d")


def test_a_secret_that_is_not_there_is_named(world: World) -> None:
    (world.file.parent / "secret").unlink()
    with pytest.raises(SignInError, match="client_secret_file"):
        load_sign_in(world.file)
