from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError

from dashboards.grafana.dashboard import all_dashboards
from dashboards.grafana.push import push


class Grafana(ThreadingHTTPServer):
    """Speaks the folder and dashboard routes of Grafana's HTTP API."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.folders: dict[str, str] = {}
        self.dashboards: dict[str, tuple[str, dict[str, Any]]] = {}
        self.token = "Bearer secret-token"


class Answers(BaseHTTPRequestHandler):
    server: Grafana

    def do_GET(self) -> None:
        uid = self.path.removeprefix("/api/folders/")
        if self._allowed() and uid in self.server.folders:
            self._answer(200, {"uid": uid, "title": self.server.folders[uid]})
        else:
            self._answer(404, {"message": "folder not found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._allowed():
            return
        if self.path == "/api/folders":
            self.server.folders[body["uid"]] = body["title"]
            self._answer(200, body)
            return
        assert self.path == "/api/dashboards/db"
        dashboard = body["dashboard"]
        if dashboard["uid"] in self.server.dashboards and not body.get("overwrite"):
            self._answer(412, {"message": "exists"})
            return
        self.server.dashboards[dashboard["uid"]] = body["folderUid"], dashboard
        self._answer(200, {"uid": dashboard["uid"], "url": f"/d/{dashboard['uid']}/x"})

    def _allowed(self) -> bool:
        if self.headers["Authorization"] == self.server.token:
            return True
        self._answer(401, {"message": "Unauthorized"})
        return False

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with Grafana() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def api(server: Grafana, token: str = "secret-token") -> GrafanaApi:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return GrafanaApi.from_url(url, credential=token)


def test_pushing_twice_leaves_one_dashboard_in_its_folder(grafana: Grafana) -> None:
    for _ in range(2):
        assert push(api(grafana), all_dashboards()[:1]) == ["/d/ascolto-agencies/x"]
    assert grafana.folders == {"ascolto": "Ascolto"}
    ((folder, dashboard),) = grafana.dashboards.values()
    assert folder == "ascolto"
    assert dashboard["panels"] == all_dashboards()[0]["panels"]


def test_a_wrong_token_raises_and_creates_nothing(grafana: Grafana) -> None:
    with pytest.raises(GrafanaClientError):
        push(api(grafana, "wrong"), all_dashboards())
    assert grafana.folders == {}
