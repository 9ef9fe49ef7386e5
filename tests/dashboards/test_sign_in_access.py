"""Who may see what: every table, every route, every identity."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from dashboards import queries
from dashboards.panels import OVERVIEW, Shape
from dashboards.preview import create_preview
from dashboards.sign_in.configuration import SignIn, SignInError, SignInFile, load_sign_in
from dashboards.sign_in.guard import Guard
from dashboards.sign_in.identities import EVERYTHING, Identity, Scope, scope_of
from dashboards.sign_in.rules import RULES, Rule
from dashboards.sign_in.table_filters import asked_by, filtered, settings_of
from infra.alerting.actions import ALERTS, DONE, FIND
from infra.cli.main import app
from infra.clickhouse.queries.outcomes import OUTCOMES
from infra.clickhouse.queries.shared_sql import with_shared
from infra.clickhouse.tenants.access import READABLE
from infra.registry import RegistryFile
from infra.status_page import Page
from processors.call_outcome import Backlog, WaitingCall
from schemas.rows import TABLES, VIEWS, Table
from tests.dashboards import dashboard_rows
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.dashboard_rows import AGENCIES, CLIENT, HOUR, OTHER_CLIENT

Asker = TestClient[web.Request, web.Application]

_ROWS = dashboard_rows.rows()
FILE = f"""
public_url: https://ascolto.example
proxy:
  addresses: [127.0.0.1]
access:
  - users: [anna@lumina.example]
    client: {CLIENT}
  - groups: [alba]
    client: {CLIENT}
    agencies: [alba-crediti]
  - users: [bruno@acque.example]
    client: {OTHER_CLIENT}
  - groups: [operations]
    everything: true
"""
NAMES = f"""
clients:
  {CLIENT}:
    name: Lumina Energia
    agencies: {{alba-crediti: Alba Crediti, ferro-recuperi: Ferro Segreto}}
  {OTHER_CLIENT}:
    name: Acque Segrete
    agencies: {{segreta: La Segreta}}
"""
MANAGER = {"X-Forwarded-User": "Anna@lumina.example"}
AGENCY = {"X-Forwarded-User": "x", "X-Forwarded-Groups": "others, alba"}
OTHER = {"X-Forwarded-User": "bruno@acque.example"}
TEAM = {"X-Forwarded-User": "y", "X-Forwarded-Groups": "operations"}
STRANGER = {"X-Forwarded-User": "z@elsewhere.example"}
PANELS = [each.id for each in OVERVIEW if each.shape is not Shape.FIGURE] + ["nps"]
SECRETS_OF_OTHERS = ("segreta", "Segreta", "Segrete", OTHER_CLIENT, "-77.0", "event_time_us")
SECRETS_OF_AGENCIES = ("ferro", "Ferro", "nexum", "sole&figli")


@pytest.fixture
def sign_in_file(tmp_path: Path) -> Path:
    path = tmp_path / "sign-in.yaml"
    path.write_text(FILE)
    return path


async def backlog() -> Backlog:
    return Backlog((WaitingCall(OTHER_CLIENT, HOUR), WaitingCall(CLIENT, HOUR)), complete=True)


NOTED: list[dict[str, Any]] = []


async def insert(_: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    NOTED.extend(map(dict, rows))


@pytest.fixture
async def page(engine: Engine, sign_in_file: Path, tmp_path: Path) -> AsyncIterator[Asker]:
    names = tmp_path / "names.yaml"
    names.write_text(NAMES)
    application = create_preview(
        engine.run_query,
        status=lambda: {"event_time_us": 1, "counts": {"calls_scored": 999}},
        names=RegistryFile(names),
        read_backlog=backlog,
        insert=insert,
        guard=Guard(SignInFile(sign_in_file), bytes(32)),
    )
    async with TestClient(TestServer(application)) as client:
        yield client


def paths(application: web.Application) -> Iterator[tuple[str, str]]:
    """Method and path of every route, its places filled; a new place needs a value here.

    HEAD is left out: its handlers are those of GET.
    """
    for route in application.router.routes():
        if route.method == "HEAD":
            continue
        assert route.resource is not None
        template = route.resource.canonical
        names = re.findall(r"{(\w+)}", template)
        panels = ["comparison"] if template.endswith(".csv") else PANELS
        values = {"id": panels, "reference": ["alert-a1"]}
        filled = [template]
        for name in names:
            filled = [
                each.replace(f"{{{name}}}", value) for each in filled for value in values[name]
            ]
        yield from ((route.method, each) for each in filled)


async def asked(page: Asker, method: str, path: str, who: dict[str, str], query: str) -> Any:
    """Status and beginning of an answer; of a stream its first event."""
    response = await page.request(method, f"{path}?{query}", headers=who, allow_redirects=False)
    if path == "/api/updates" and response.status == 200:
        text = (await response.content.readuntil(b"}\n\n")).decode()
        response.close()
        return response.status, text
    return response.status, await response.text()


def test_every_route_has_a_rule(page: Asker) -> None:
    assert page.app is not None
    known = {route.resource.canonical for route in page.app.router.routes() if route.resource}
    without = {path for path in known if not path.startswith("/static/")} - set(RULES)
    assert not without, "say in dashboards/sign_in/rules.py who may ask them"
    assert set(RULES) - known == {"/sign-in", "/sign-in/callback"}, "only with OIDC"


@pytest.mark.parametrize(
    ("who", "secrets"),
    [
        (MANAGER, SECRETS_OF_OTHERS),
        (AGENCY, (*SECRETS_OF_OTHERS, *SECRETS_OF_AGENCIES)),
    ],
    ids=["client", "agency"],
)
async def test_no_route_shows_anybody_what_is_of_others(
    page: Asker, who: dict[str, str], secrets: tuple[str, ...]
) -> None:
    queries = (
        "",
        f"client={CLIENT}&window=30d",
        f"client={CLIENT}&agency=ferro-recuperi",
        f"client={CLIENT}&agency=alba-crediti&agency=ferro-recuperi",
        f"client={OTHER_CLIENT}",
        f"client={CLIENT}&client={OTHER_CLIENT}",
        f"client={OTHER_CLIENT}&client={CLIENT}",
        f"client={CLIENT}&conversation=call-0001",
        f"client={CLIENT}&conversation=call-0000&sort=aggression",
        f"client={CLIENT}&conversation=other",
        "client=",
    )
    assert page.app is not None
    answered = 0
    for method, path in set(paths(page.app)):
        if path.startswith("/static/"):
            continue
        for query in queries:
            status, text = await asked(page, method, path, who, query)
            if path != "/":
                text = text.replace(query, "")
            found = [secret for secret in secrets if secret in text]
            if who is AGENCY or "ferro" not in query:
                assert not found, f"{method} {path}?{query} ({status}) shows {found}: {text[:300]}"
            answered += status == 200
    assert answered > 40


async def test_a_foreign_client_company_or_agency_is_refused(page: Asker) -> None:
    for path, rule in RULES.items():
        if rule not in (Rule.CLIENT, Rule.NAMED, Rule.WHOLE_CLIENT):
            continue
        path = path.replace("{id}", "nps")
        for who in (MANAGER, AGENCY):
            status, _ = await asked(page, "GET", path, who, f"client={OTHER_CLIENT}")
            assert status == 403, path
        query = f"client={CLIENT}&agency=ferro-recuperi"
        assert (await asked(page, "GET", path, AGENCY, query))[0] == 403, path
        assert (await asked(page, "GET", path, OTHER, f"client={CLIENT}"))[0] == 403, path


@pytest.mark.parametrize("who", [{}, {"X-Forwarded-User": " "}, STRANGER], ids=str)
async def test_who_has_no_access_sees_nothing(page: Asker, who: dict[str, str]) -> None:
    assert page.app is not None
    for method, path in set(paths(page.app)):
        if path.startswith("/static/") or path == "/sign-out":
            continue
        status, text = await asked(page, method, path, who, f"client={CLIENT}")
        assert status == (403 if who is STRANGER else 401), path
        assert len(text) < 100


async def test_the_team_sees_everything(page: Asker) -> None:
    assert (await (await page.get("/api/clients", headers=TEAM)).json())["clients"] == [
        OTHER_CLIENT,
        CLIENT,
    ]
    assert (await (await page.get("/status", headers=TEAM)).json())["counts"]
    assert len((await (await page.get("/api/calls", headers=TEAM)).json())["clients"]) == 2


async def test_a_manager_sees_their_own_whole_and_no_counters(page: Asker) -> None:
    assert (await (await page.get("/api/clients", headers=MANAGER)).json()) == {
        "clients": [CLIENT],
        "names": [[CLIENT, "Lumina Energia"]],
    }
    own = await (await page.get(f"/api/variables?client={CLIENT}", headers=MANAGER)).json()
    assert own["agencies"] == sorted(AGENCIES)
    assert (await page.get("/status", headers=MANAGER)).status == 403
    assert await (await page.get("/api/status", headers=MANAGER)).json() == {}
    [outcomes] = (await (await page.get("/api/calls", headers=MANAGER)).json())["clients"]
    assert outcomes["outcomes"]["waiting"]["calls"] == 1
    visitor = (await (await page.get("/api/panels", headers=MANAGER)).json())["visitor"]
    assert visitor == {
        "user": "Anna@lumina.example",
        "signs_out": False,
        "of_agency": False,
    }


async def test_an_agency_sees_itself_alone(page: Asker) -> None:
    own = await (await page.get(f"/api/variables?client={CLIENT}", headers=AGENCY)).json()
    assert own["agencies"] == ["alba-crediti"]
    panel = await (await page.get(f"/api/panel/nps?client={CLIENT}", headers=AGENCY)).json()
    assert [row[0] for row in panel["rows"]] == ["alba-crediti"]
    assert (await page.get(f"/api/calls?client={CLIENT}", headers=AGENCY)).status == 403
    visitor = (await (await page.get("/api/panels", headers=AGENCY)).json())["visitor"]
    assert visitor["of_agency"]


def test_no_query_shows_an_agency_what_compares_it_with_the_others() -> None:
    """Of its own row of the curves, too: the log-rank test is of all agencies together."""
    withheld = {name for each in READABLE for name in each.withheld_from_agencies}
    assert withheld == {"logrank_statistic", "logrank_p", "logrank_n"}
    for path in Path(str(files(queries))).rglob("*.sql"):
        text = path.read_text(encoding="utf-8")
        assert not any(name in text for name in withheld), path
        assert not re.search(r"SELECT \*[^;]*FROM survival", text), path


async def test_an_agency_s_curve_does_not_depend_on_the_others(page: Asker, engine: Engine) -> None:
    path = f"/api/panel/staying?client={CLIENT}&window=30d"
    before = await (await page.get(path, headers=AGENCY)).json()
    assert {row[0] for row in before["rows"]} == {"alba-crediti"}
    sql = "SELECT * FROM survival WHERE group_name = '{}' AND `window` = '30d'"
    [others] = engine.read(sql.format("ferro-recuperi"), {})
    changed = {"n": 7, "staying": [0.5] * len(others["days"]), "logrank_p": 0.5}
    engine.add("survival", [others | changed | {"group_name": "nuova"}])
    curves = engine.read(sql.format("alba-crediti"), {})
    engine.add("survival", [each | {"logrank_p": 0.7, "logrank_n": 9} for each in curves])
    seen = {row[0] for row in (await (await page.get(path, headers=MANAGER)).json())["rows"]}
    assert "nuova" in seen
    after = await (await page.get(path, headers=AGENCY)).json()
    assert after["rows"] == before["rows"]


@pytest.mark.parametrize(
    ("who", "alert", "status"),
    [
        (MANAGER, "alert-a1", 201),
        (MANAGER, "alert-a3", 400),
        (AGENCY, "alert-a1", 403),
        (OTHER, "alert-a1", 400),
        (OTHER, "alert-a3", 201),
    ],
    ids=str,
)
@pytest.mark.parametrize("query", ["", "?client="])
async def test_an_alert_is_acknowledged_by_whom_it_is_of_under_their_own_name(
    engine: Engine, page: Asker, who: dict[str, str], alert: str, status: int, query: str
) -> None:
    NOTED.clear()
    rows = {row["alert_id"]: row for row in dashboard_rows.alerts()}
    engine.add("alerts", [rows[alert]])
    done = await page.post(
        f"/api/alerts/{alert}/actions{query}",
        headers={**who, "X-Ascolto-Action": "1"},
        json={"action": "acknowledged", "who": "somebody else", "text": ""},
    )
    assert done.status == status, await done.text()
    assert [row["who"] for row in NOTED] == [who["X-Forwarded-User"]] * (status == 201)


async def test_an_agency_neither_reads_nor_writes_what_is_noted_about_it(
    engine: Engine, page: Asker
) -> None:
    [template, *_] = dashboard_rows.alerts()
    alert = {**template, "alert_id": "alert-of-alba", "agency_id": "alba-crediti"}
    note = {
        "client_id": CLIENT,
        "alert_id": "alert-of-alba",
        "action_id": "one",
        "agency_id": "alba-crediti",
        "action": "note",
        "who": "Anna",
        "text": "tolgono pratiche",
        "at": HOUR,
        "version": 1,
    }
    engine.add("alerts", [alert])
    engine.add("alert_actions", [note])
    for who, noted in ((MANAGER, ["tolgono pratiche"]), (AGENCY, []), (TEAM, ["tolgono pratiche"])):
        answer = await page.get(f"/api/alerts?client={CLIENT}", headers=who)
        found = await answer.json()
        [own] = [each for each in found["alerts"] if each["alert_id"] == "alert-of-alba"]
        assert [each["text"] for each in own["actions"]] == noted
        assert found["may_act"] == bool(noted)
        assert ("Anna" in await answer.text()) == bool(noted)
    for query in (f"?client={CLIENT}", f"?client={CLIENT}&agency=alba-crediti", ""):
        done = await page.post(
            f"/api/alerts/alert-of-alba/actions{query}",
            headers={**AGENCY, "X-Ascolto-Action": "1"},
            json={"action": "note", "text": "non è vero"},
        )
        assert done.status == 403


async def test_ten_pages_of_alerts_ask_the_store_like_one_until_something_is_done(
    engine: Engine, page: Asker
) -> None:
    rows = {row["alert_id"]: row for row in dashboard_rows.alerts()}
    engine.add("alerts", [rows["alert-a1"]])

    async def asked(who: dict[str, str]) -> int:
        engine.queries.clear()
        for _ in range(10):
            answer = await page.get(f"/api/alerts?client={CLIENT}", headers=who)
            assert answer.status == 200
        return sum("system.parts" not in sql for sql in engine.queries)

    assert await asked(MANAGER) == 2, "the alerts and what was done about them"
    assert await asked(AGENCY) == 2, "nobody is answered what somebody else may see"
    assert await asked(MANAGER) == 0
    done = await page.post(
        f"/api/alerts/alert-a1/actions?client={CLIENT}",
        headers={**MANAGER, "X-Ascolto-Action": "1"},
        json={"action": "acknowledged"},
    )
    assert done.status == 201
    assert await asked(MANAGER) == 2, "who did something sees it at once"


async def test_what_one_was_answered_is_not_remembered_for_another(page: Asker) -> None:
    path = f"/api/panel/comparison?client={CLIENT}&to=2025-03-20T15:42:10Z"
    for who, agencies in ((MANAGER, 4), (AGENCY, 1), (MANAGER, 4), (AGENCY, 1)):
        assert len((await (await page.get(path, headers=who)).json())["rows"]) == agencies


async def test_from_another_address_no_header_is_believed(
    engine: Engine, sign_in_file: Path
) -> None:
    sign_in_file.write_text(FILE.replace("[127.0.0.1]", "[10.0.0.0/8, 'fd00::/8']"))
    application = create_preview(engine.run_query, guard=Guard(SignInFile(sign_in_file), bytes(32)))
    async with TestClient(TestServer(application)) as page:
        assert (await page.get("/api/clients", headers=TEAM)).status == 403
        assert (await page.get("/static/shell.js", headers=TEAM)).status == 200


async def test_it_is_served_under_its_public_name_and_no_other(page: Asker) -> None:
    for host, status in (("ascolto.example", 200), ("evil.example", 403)):
        assert (await page.get("/api/clients", headers={**MANAGER, "Host": host})).status == status
    own = {**MANAGER, "Origin": "https://ascolto.example"}
    assert (await page.post("/sign-out", headers=own)).status == 200
    foreign = {**MANAGER, "Origin": "https://evil.example"}
    assert (await page.post("/sign-out", headers=foreign)).status == 403


async def test_access_ends_when_the_file_says_so(page: Asker, sign_in_file: Path) -> None:
    assert (await page.get("/api/clients", headers=MANAGER)).status == 200
    sign_in_file.write_text(FILE.replace("anna@", "anna.another@"))
    assert (await page.get("/api/clients", headers=MANAGER)).status == 403
    sign_in_file.write_text(FILE.replace("everything", "everythin"))
    assert (await page.get("/api/clients", headers=TEAM)).status == 503
    sign_in_file.unlink()
    assert (await page.get("/api/clients", headers=TEAM)).status == 503
    sign_in_file.write_text(FILE)
    assert (await page.get("/api/clients", headers=MANAGER)).status == 200


async def test_this_machines_commands_need_no_sign_in(
    engine: Engine, sign_in_file: Path, tmp_path: Path
) -> None:
    from infra.data_directory.processes import address_file, page_address, page_headers

    application = create_preview(engine.run_query, guard=Guard(SignInFile(sign_in_file), bytes(32)))
    note = address_file(tmp_path, "analytics")
    served = Page(application, "127.0.0.1", 0, note)
    await served.start()
    try:
        assert note.stat().st_mode & 0o077 == 0
        from aiohttp import ClientSession

        async with ClientSession() as session:
            address = page_address(tmp_path, "analytics")
            for headers, status in (
                (page_headers(tmp_path, "analytics"), 200),
                ({"Authorization": "Bearer guess"}, 401),
                ({}, 401),
            ):
                async with session.get(f"{address}/status", headers=headers) as answer:
                    assert answer.status == status
    finally:
        await served.stop()


CLIENTS = st.sampled_from(["a", "b", "it's", "x{y:String}"])
SOME_AGENCIES = st.frozensets(st.sampled_from(["p", "q'", "r"]), min_size=1)
SCOPES = st.dictionaries(CLIENTS, st.none() | SOME_AGENCIES).map(lambda given: Scope(clients=given))


def rows_of(table: Table) -> list[dict[str, Any]]:
    """A row of each client company and agency, as far as the table says whose it is."""
    column = "group_name" if table.name == "survival" else "agency_id"
    rows = []
    for client in ("a", "b", "it's", "x{y:String}"):
        for agency in ("p", "q'", "r"):
            row: dict[str, Any] = {"client_id": client}
            if column in table.columns:
                row[column] = agency
            for key in {"event_id", "letter_id", "alert_id", "customer"} & table.columns.keys():
                row[key] = f"{client}-{agency}"
            if table.name == "survival":
                row["group_kind"] = "agency"
            if table.name == "events":
                row["topic"] = "payment-received"
            rows.append(row)
    return rows


@pytest.fixture
def everyones(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue("_engine")
    engine.fill(_EVERYONES)
    return engine


_EVERYONES = {table.name: rows_of(table) for table in TABLES if "client_id" in table.columns}


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SCOPES)
async def test_the_engine_shows_no_row_beyond_the_scope(everyones: Engine, scope: Scope) -> None:
    for table in TABLES:
        column = "group_name" if table.name == "survival" else "agency_id"
        shown = f"client_id, {column}" if column in table.columns else "client_id, ''"
        sql = (
            f"WITH seen AS (SELECT * FROM {table.name} FINAL) SELECT DISTINCT {shown} FROM seen "
            f"WHERE client_id IN (SELECT client_id FROM {table.name})"
        )
        if "client_id" not in table.columns:
            continue
        with asked_by(scope):
            found = await filtered(everyones.run_query)(sql, {})
        expected = {
            (client, agency if column in table.columns else "")
            for client, agencies in scope.clients.items()
            for agency in ("p", "q'", "r")
            if agencies is None
            or (
                column in table.columns
                and agency in agencies
                and table.name not in ("alert_actions", "notifications")
            )
        }
        assert set(map(tuple, found.rows)) == expected, table.name


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_the_filters_reach_through_views(everyones: Engine, view: Table) -> None:
    """Also through those that run with their owner's rights."""
    sql = f"SELECT DISTINCT toString(client_id) AS client FROM {view.name} ORDER BY client"
    for scope, seen in (
        (EVERYTHING, ["a", "b", "it's", "x{y:String}"]),
        (Scope(clients={"a": None, "it's": None}), ["a", "it's"]),
        (Scope(clients={"a": frozenset({"p"})}), []),
        (Scope(), []),
    ):
        with asked_by(scope):
            found = await filtered(everyones.run_query)(sql, {})
        assert [row[0] for row in found.rows] == seen


async def test_who_may_see_everything_has_no_filter(everyones: Engine) -> None:
    assert settings_of(EVERYTHING) == ""
    found = await filtered(everyones.run_query)("SELECT uniqExact(client_id) FROM calls", {})
    assert found.rows == [(4,)]


def test_no_query_of_the_page_goes_around_the_filters() -> None:
    """A table function reads past them, and settings of a query's own would replace them.

    So would a table or view that the schema does not declare.
    """
    known = {each.name for each in (*TABLES, *VIEWS)} | {"system.parts"}
    sources = {"outcomes": OUTCOMES, "alerts": ALERTS, "done": DONE, "find": FIND}
    for path in files("dashboards.queries").iterdir():
        name, _, ending = path.name.partition(".")
        if ending == "sql":
            sources[name] = with_shared(queries._read(name), queries._shared)
    assert len(sources) > 25
    for name, sql in sources.items():
        text = re.sub(r"array join\s+\w+", "", sql.lower())
        for word in ("settings", "merge(", "remote(", "url(", "file(", "cluster(", "mysql("):
            assert word not in text, name
        read = set(re.findall(r"\b(?:from|join)\s+([a-z_][a-z_.]*)", text))
        named = set(re.findall(r"\b([a-z_]+)\s+as\s+\(", text))
        assert read - named <= known, name


ENTRIES = st.fixed_dictionaries(
    {
        "users": st.lists(st.sampled_from(["u", "U", "v"]), max_size=2),
        "groups": st.lists(st.sampled_from(["g", "h"]), max_size=2),
        "client": st.sampled_from(["a", "b"]),
        "agencies": st.none() | st.lists(st.sampled_from(["p", "q"]), min_size=1, max_size=2),
    }
).filter(lambda entry: entry["users"] or entry["groups"])


@given(
    st.lists(ENTRIES, min_size=1, max_size=5),
    st.sampled_from(["u", "v", "w"]),
    st.frozensets(st.sampled_from(["g", "h"])),
)
def test_a_scope_is_the_union_of_what_is_granted(
    entries: list[dict[str, Any]], user: str, groups: frozenset[str]
) -> None:
    sign_in = SignIn.model_validate(
        {
            "public_url": "https://a.example",
            "proxy": {"addresses": ["10.0.0.1"]},
            "access": [
                {name: value for name, value in entry.items() if value is not None}
                for entry in entries
            ],
        }
    )
    scope = scope_of(Identity(user, groups), sign_in)
    own = [
        entry
        for entry in entries
        if user in [each.lower() for each in entry["users"]] or groups & set(entry["groups"])
    ]
    for client in ("a", "b", "c"):
        granted = [entry for entry in own if entry["client"] == client]
        assert scope.allows(client) == bool(granted)
        assert scope.whole(client) == any(not entry["agencies"] for entry in granted)
        for agency in ("p", "q", "r"):
            assert scope.allows(client, agency) == any(
                not entry["agencies"] or agency in entry["agencies"] for entry in granted
            )


def test_the_page_does_not_start_with_a_wrong_file(tmp_path: Path) -> None:
    path = tmp_path / "sign-in.yaml"
    path.write_text(FILE.replace("addresses", "adresses"))
    environment = {
        "ASCOLTO_HOME": str(tmp_path),
        "ASCOLTO_CLICKHOUSE_URL": "http://127.0.0.1:1",
        "ASCOLTO_SIGN_IN": str(path),
    }
    done = CliRunner().invoke(app, ["run", "preview"], env=environment)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"ASCOLTO_SIGN_IN: {path}, line ")
    assert "line 4: proxy.adresses: this name means nothing here" in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("public_url: https", "public_url: http"), "line 2: public_url: an address with https://"),
        (("ascolto.example", "ascolto.example/a"), "line 2: public_url: the page has a host name"),
        (("addresses: [127.0.0.1]", "addresses: [home]"), "line 4: proxy.addresses.0"),
        (("    everything: true", ""), "line 13: access.3: either client or everything: true"),
        (("users: [anna@lumina.example]", "users: []"), "line 6: access.0: users or groups"),
        (("    agencies: [", "    agency: ["), "line 10: access.1.agency: this name means nothing"),
        (("proxy:\n  addresses: [127.0.0.1]\n", ""), "either proxy or oidc is needed"),
        (("agencies: [alba-crediti]", "agencies: []"), "line 10: access.1.agencies: an agency is"),
        (("access:", "access: ["), "line"),
    ],
    ids=str,
)
def test_what_is_wrong_in_the_file_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = tmp_path / "sign-in.yaml"
    path.write_text(FILE.replace(*change))
    with pytest.raises(SignInError) as error:
        load_sign_in(path)
    assert str(error.value).startswith(str(path))
    assert said in str(error.value)
