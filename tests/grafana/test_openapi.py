"""What we send to Grafana, and what the tests' Grafana answers, against its own description."""

from __future__ import annotations

import pytest

from dashboards.grafana.dashboard import all_dashboards
from dashboards.publishing.alerting import Alerting
from dashboards.publishing.plan import Content
from dashboards.publishing.tenancy import Places, add, remove, tenancies
from infra.clickhouse.tenants.identity import Tenant
from tests.grafana.openapi import answer_faults, body_faults, described_in
from tests.grafana.served import ServedGrafana
from tests.grafana.test_push import SOURCE, connected, content, pushed, secret
from tests.tenants.user_store import UserStore

pytestmark = pytest.mark.skipif(
    described_in() is None,
    reason="NOT RUN: Grafana's OpenAPI description is not here (shared/grafana/openapi3-9.4.json)",
)
LATER = {
    ("GET", "/dashboards/uid/ascolto-agencies/versions"): "an object since 11",
    ("DELETE", "/v1/provisioning/contact-points/ascolto-slack-acqua"): "status 202",
    ("GET", "/datasources/uid/ascolto-clickhouse/health"): "described as any answer",
}
"""Answers that have another form than described."""
ELSEWHERE = {("GET", "/health")}
"""Described in Grafana's documentation of its HTTP API only."""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> ServedGrafana:
    """A Grafana after a push, a change, another push, and the life of a tenant."""
    folder = tmp_path_factory.mktemp("openapi")
    token = secret(folder / "token", "glsa_admin")
    with ServedGrafana() as grafana:
        pushed(grafana, token, content())
        grafana.edit(1, "ascolto-agencies", title="Mine")
        grafana.orgs[1].rules["ascolto-rise-acqua"]["title"] = "Mine"
        pushed(grafana, token, content())
        pushed(grafana, token, content(alerting=Alerting()))
        grafana.add_user("anna", "anna@acqua.example", 1)
        store, tenant = UserStore(), Tenant("acqua", "alfa")
        grafana.clickhouse = store.sign_in_fault
        administrator = connected(grafana, secret(folder / "admin", "admin:pw"))
        places = Places(administrator, store, "ascolto", store.sign_in)
        for _ in range(2):
            wanted = Content(all_dashboards()[:1], SOURCE)
            add(places, tenant, wanted, ["anna", "eva@acqua.example"], new_password=True)
        grafana.orgs[tenants_organisation(grafana)].users[1] = "Viewer"
        tenancies(places, lambda _: all_dashboards()[:1])
        remove(places, tenant)
    return grafana


def tenants_organisation(grafana: ServedGrafana) -> int:
    """The organisation of the tenant."""
    return max(grafana.orgs)


def test_every_request_is_one_that_grafana_describes(used: ServedGrafana) -> None:
    faults = {
        f"{method} {path}: {fault}"
        for method, path, body in used.requests
        if (method, path) not in ELSEWHERE
        for fault in body_faults(method, path, body)
    }
    assert faults == set()
    assert len({(method, path) for method, path, _ in used.requests}) > 30


def test_the_tests_grafana_answers_as_grafana_describes(used: ServedGrafana) -> None:
    faults = {
        f"{method} {path}: {fault}"
        for method, path, status, body in used.answers
        if (method, path) not in {*LATER, *ELSEWHERE}
        for fault in answer_faults(method, path, status, body)
    }
    assert faults == set()


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/folders", {"titel": "x"}, "unknown entry titel"),
        ("POST", "/orgs", {"name": 7}, "name: 7 is not of type 'string'"),
        ("GET", "/org", {"x": 1}, "a body is sent where none is described"),
    ],
)
def test_a_wrong_request_is_found(method: str, path: str, body: object, said: str) -> None:
    assert list(body_faults(method, path, body)) == [said]


def test_an_unknown_path_is_found() -> None:
    with pytest.raises(AssertionError, match="describes no GET /nowhere"):
        list(body_faults("GET", "/nowhere", None))
