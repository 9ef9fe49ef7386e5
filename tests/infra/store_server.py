"""ClickHouse's HTTP interface over its engine in this process, for several workers at once.

As much of it as clickhouse-connect uses: queries with bound parameters, settings, inserts. No
server can be had where the tests run; the engine is the same.

    python -m tests.infra.store_server DIRECTORY PORT
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session

_NOT_SETTINGS = {"query", "database", "session_id", "query_id", "client_protocol_version"}


class Engine:
    """The engine; one query at a time."""

    def __init__(self, directory: Path) -> None:
        self._session = Session(str(directory))
        self._turn = threading.Lock()

    def run(self, statement: bytes, data: bytes, given: dict[str, str], form: str) -> bytes:
        """The answer to a statement; `data` are the rows of an insert."""
        parameters = {
            name.removeprefix("param_"): value
            for name, value in given.items()
            if name.startswith("param_")
        }
        with self._turn, tempfile.NamedTemporaryFile(suffix=".native") as file:
            text = statement.decode()
            if data:
                file.write(data)
                file.flush()
                head, _, kind = text.rpartition(" FORMAT ")
                text = f"{head} FROM INFILE '{file.name}' COMPRESSION 'none' FORMAT {kind}"
            return bytes(self._session.query(text, form, params=parameters).bytes())


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_POST(self) -> None:
        """A query in the body, or in the address with the rows of an insert in the body."""
        given = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = self._body()
        if self.headers.get_content_type() == "multipart/form-data":
            given |= self._form(body)
            body = b""
        if "query" in given:
            statement, data = given["query"].encode(), body
        elif body.lstrip()[:6].upper() == b"INSERT" and b"FORMAT Native" in body.split(b"\n")[0]:
            statement, _, data = body.partition(b"\n")
        else:
            statement, data = body, b""
        form = self.headers.get("X-ClickHouse-Format") or given.get(
            "default_format", "TabSeparated"
        )
        try:
            answer = self.engine.run(statement, data, given, form)
        except Exception as error:
            code = re.search(r"Code: (\d+)", str(error))
            headers = {"X-ClickHouse-Exception-Code": code[1] if code else "1"}
            self._answer(500, str(error).encode(), headers)
            return
        self._answer(200, answer, {"X-ClickHouse-Summary": "{}", "X-ClickHouse-Timezone": "UTC"})

    do_GET = do_POST  # noqa: N815

    def _form(self, body: bytes) -> dict[str, str]:
        """The fields of a form, which long parameters come in."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields = message_from_bytes(head + body).get_payload()
        return {
            str(field.get_param("name", header="content-disposition")): bytes(
                field.get_payload(decode=True)
            ).decode()
            for field in cast("list[Message]", fields)
        }

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the process is ended."""
    Handler.engine = Engine(Path(sys.argv[1]))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()


if __name__ == "__main__":
    main()
