"""ClickHouse behind a private authority that asks for a certificate: a server that checks both.

No ClickHouse server runs here: the server of these tests speaks its HTTP over real TLS, and has
the engine in a process of its own answer.
"""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from infra.cli.doctor.store import server as doctor
from infra.clickhouse.client import NoStore, open_client
from infra.settings import Settings
from tests.infra.served_store import ServedStore


@dataclass
class Server:
    """The server, its files, and the headers of the requests it took."""

    port: int
    folder: Path
    headers: list[dict[str, str]] = field(default_factory=list)

    def settings(self, user: str = "ascolto:secret", **given: Any) -> Settings:
        url = SecretStr(f"https://{user}@127.0.0.1:{self.port}/default")
        files = {
            "clickhouse_ca": self.folder / "ca.pem",
            "clickhouse_certificate": self.folder / "client.pem",
        }
        return Settings(clickhouse_url=url, **{**files, **given})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStore]:
    made = ServedStore(tmp_path_factory.mktemp("served") / "store")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def server(store: ServedStore, tmp_path: Path) -> Iterator[Server]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued = authority.issue_cert("client.example")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    made = Server(0, tmp_path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.headers.append({name.lower(): v for name, v in self.headers.items()})
            passed = {"Content-Type": self.headers.get("Content-Type", "text/plain")}
            request = urllib.request.Request(f"{store.address}{self.path}", body, passed)
            with urllib.request.urlopen(request) as got:
                found = got.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        do_GET = do_POST  # noqa: N815 - its name is the protocol's

        def log_message(self, *_: object) -> None:
            """Nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    httpd.handle_error = lambda *_: None
    made.port = httpd.server_port
    Thread(target=httpd.serve_forever, daemon=True).start()
    yield made
    httpd.shutdown()
    httpd.server_close()


def test_a_password_and_a_certificate_are_both_shown(server: Server) -> None:
    client = open_client(server.settings())
    assert client.query("SELECT 6 * 7").result_rows == [(42,)]
    client.close()
    assert server.headers[-1]["authorization"].startswith("Basic ")
    assert "x-clickhouse-ssl-certificate-auth" not in server.headers[-1]


def test_without_a_password_the_certificate_says_who_it_is(server: Server) -> None:
    client = open_client(server.settings(user="ascolto"))
    assert client.query("SELECT 1").result_rows == [(1,)]
    client.close()
    assert server.headers[-1]["x-clickhouse-user"] == "ascolto"
    assert server.headers[-1]["x-clickhouse-ssl-certificate-auth"] == "on"


def test_doctor_says_which_file_is_missing(server: Server) -> None:
    found = {each.what: each for each in doctor(server.settings())}
    assert found["ClickHouse server"].well
    assert found["clock"].well
    assert not found["migrations"].well
    assert found["migrations"].todo == "ascolto admin migrate"
    for lacking in ("clickhouse_ca", "clickhouse_certificate"):
        [refused] = doctor(server.settings(**{lacking: None}))
        assert not refused.well
        assert "ASCOLTO_CLICKHOUSE_CA" in refused.todo
        assert "secret" not in refused.seen + refused.todo


def test_files_that_cannot_be_used_are_named(server: Server, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.pem"
    with pytest.raises(NoStore, match=r"ASCOLTO_CLICKHOUSE_CA: .*nowhere\.pem"):
        open_client(server.settings(clickhouse_ca=nowhere))
    with pytest.raises(NoStore, match=r"ASCOLTO_CLICKHOUSE_CERTIFICATE.*nowhere\.pem"):
        open_client(server.settings(clickhouse_certificate=nowhere))
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(NoStore, match="ASCOLTO_CLICKHOUSE_KEY"):
        open_client(server.settings(clickhouse_key=tmp_path / "no.pem"))
    plain = SecretStr("http://127.0.0.1:8123/default")
    with pytest.raises(NoStore, match="must begin with https://"):
        open_client(Settings(clickhouse_url=plain, clickhouse_ca=tmp_path / "ca.pem"))
