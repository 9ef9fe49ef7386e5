"""Real servers of the three kinds, on this machine: HTTPS with any behaviour, SSH, S3."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paramiko
import pytest
import trustme

from tests.waiting import wait_for

Answer = Callable[[BaseHTTPRequestHandler], None]
NO_SSHD = "sshd is not installed: apt-get install openssh-server, to run these tests"


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def body(content: bytes, status: int = 200, **headers: str) -> Answer:
    """An answer with a body, its length as it is unless `headers` say otherwise."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        sent = {"Content-Length": str(len(content))} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        for name, value in sent.items():
            if value:
                request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return answer


@dataclass
class WebServer:
    """An HTTPS server; `routes` say what it answers, and may be changed at any time."""

    ca: Path
    context: ssl.SSLContext
    port: int = field(default_factory=free_port)
    routes: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    otherwise: Answer = field(default_factory=lambda: body(b"", 404))
    ended: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        own = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                own.asked.append((self.path, dict(self.headers.items())))
                self.close_connection = True
                with suppress(OSError):
                    own.routes.get(self.path, own.otherwise)(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def finish_request(self, request: Any, address: Any) -> None:
                with own.context.wrap_socket(request, server_side=True) as secured:
                    self.RequestHandlerClass(secured, address, self)

            def handle_error(self, *_: object) -> None:
                pass

        self.ended.clear()
        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.ended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def web_server(directory: Path, *names: str) -> Iterator[WebServer]:
    """A server whose certificate is for `names`, this machine's where none are given."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*(names or ("localhost", "127.0.0.1")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    ca = directory / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    server = WebServer(ca, context)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass
class SshServer:
    """Debian's sshd, with this user and one key."""

    directory: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def user(self) -> str:
        return getpass.getuser()

    @property
    def key(self) -> Path:
        return self.directory / "user.key"

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    def prepare(self) -> None:
        self.directory.mkdir()
        host, user = paramiko.RSAKey.generate(2048), paramiko.RSAKey.generate(2048)
        host.write_private_key_file(str(self.directory / "host.key"))
        user.write_private_key_file(str(self.key))
        public = f"{user.get_name()} {user.get_base64()} test\n"
        (self.directory / "authorized_keys").write_text(public)
        self.write_known_hosts(host)
        (self.directory / "sshd_config").write_text(
            f"""
Port {self.port}
ListenAddress 127.0.0.1
HostKey {self.directory}/host.key
AuthorizedKeysFile {self.directory}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""
        )

    def write_known_hosts(self, host: paramiko.PKey) -> None:
        line = f"[127.0.0.1]:{self.port},[localhost]:{self.port} {host.get_name()} "
        self.known_hosts.write_text(f"{line}{host.get_base64()}\n")

    def start(self) -> None:
        program = shutil.which("sshd", path=f"/usr/sbin:{os.environ['PATH']}")
        if program is None:
            pytest.skip(NO_SSHD)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-D", "-e", "-f", str(self.directory / "sshd_config")], stderr=log
            )
        wait_for(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@contextmanager
def ssh_server(directory: Path) -> Iterator[SshServer]:
    server = SshServer(directory / "sshd")
    server.prepare()
    server.start()
    try:
        yield server
    finally:
        server.stop()
