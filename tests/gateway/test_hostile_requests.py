"""The gateway on a real port under schemathesis: requests made from `/openapi.json`, and broken.

Schemathesis makes the requests and judges the answers; httpx sends them, because schemathesis'
own transport fails where urllib3-future takes urllib3's place, as Grafana's client has it.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.gateway.application import create_application
from infra.gateway.openapi import document
from tests.gateway.served import (
    MOST_RECORDING,
    STRUCTURED,
    Served,
    as_json,
    payment,
    serve,
)
from tests.waiting import wait_for

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TOLERANT = "POST /v1/events"
"""Takes an event whose parts beside the necessary ones cannot be used, and leaves them out."""
EXAMPLES = 60
SCHEMA = schemathesis.openapi.from_dict(document(MOST_RECORDING))
OPERATIONS = {
    operation.label: operation for operation in (o.ok() for o in SCHEMA.get_all_operations())
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, httpx.Client]]:
    served = serve(tmp_path_factory.mktemp("gateway"), rate=100_000.0)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        create_application(served.ports), http="h11", ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    wait_for(lambda: server.started)
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield served, client
    server.should_exit = True
    thread.join()
    listening.close()


def sent(case: Any, client: httpx.Client) -> httpx.Response | None:
    """The answer to a case; None where HTTP itself has no form for it."""
    given = case.as_transport_kwargs(base_url=str(client.base_url))
    names = ("method", "url", "headers", "params", "cookies", "data", "json", "files")
    try:
        ready = requests.Request(**{n: v for n, v in given.items() if n in names}).prepare()
        request = client.build_request(
            ready.method or "", ready.url or "", headers=dict(ready.headers), content=ready.body
        )
    except (ValueError, requests.RequestException, UnicodeError, httpx.InvalidURL):
        return None
    request.headers["Host"] = client.base_url.netloc.decode()
    try:
        return client.send(request)
    except httpx.LocalProtocolError:
        return None


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_is_described(
    label: str, mode: GenerationMode, running: tuple[Served, httpx.Client]
) -> None:
    served, client = running
    operation = OPERATIONS[label]
    headers = {"Authorization": served.client.headers["Authorization"]}
    if mode is GenerationMode.NEGATIVE and operation.method.upper() == "GET":
        return  # There is nothing in it to be wrong.
    checks = CHECKS if label == TOLERANT else [*CHECKS, negative_data_rejection]
    answers: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode, headers=headers))
    def try_it(case: Any) -> None:
        answer = sent(case, client)
        if answer is not None:
            answers[answer.status_code] += 1
            case.validate_response(answer, checks=checks)

    try_it()
    assert answers.total() > (EXAMPLES // 4 if operation.method.upper() != "GET" else 0), answers


def test_it_serves_on_and_has_kept_what_it_takes_within_bounds(
    running: tuple[Served, httpx.Client],
) -> None:
    served, client = running
    files = [path for path in served.recordings.rglob("*") if path.is_file()]
    assert all(path.resolve().is_relative_to(served.recordings.resolve()) for path in files)
    assert all(path.stat().st_size <= MOST_RECORDING for path in files)
    headers = {"Authorization": served.client.headers["Authorization"], "Content-Type": STRUCTURED}
    answer = client.post("/v1/events", content=as_json(payment(77)), headers=headers)
    assert answer.status_code == 202
    assert client.get("/healthz").status_code == 200
