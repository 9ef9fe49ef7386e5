"""Why a client is not let in by Kafka: TLS, protocol, mechanism or token, one after the other.

The client libraries say only that they could not connect in time, so the few bytes at the
beginning of a connection are exchanged here.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator

from infra.cli.doctor.findings import Finding, checked
from infra.kafka.cluster import Cluster
from infra.kafka.security import CannotAuthenticate, Security

ANSWER_SECONDS = 5.0
_API_VERSIONS, _SASL_HANDSHAKE = 18, 17
_MOST_ANSWER_BYTES = 1_000_000
_UNSUPPORTED_MECHANISM, _ILLEGAL_STATE = 33, 34
_PROTOCOL = "set ASCOLTO_KAFKA_SECURITY to what that port speaks, or name another port"


def split(server: str) -> tuple[str, int]:
    """Host and port of a server.

    Raises:
        ValueError: it is not `host:port`.
    """
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)


def reached(server: str) -> str | None:
    """Why a server cannot be reached; None where it can."""
    try:
        with socket.create_connection(split(server), timeout=ANSWER_SECONDS):
            return None
    except ValueError:
        return "not host:port"
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__


def connection(server: str, cluster: Cluster) -> Iterator[Finding]:
    """TLS, protocol, mechanism and token at a server that can be reached."""
    security = cluster.security
    if security.protocol.endswith("SSL"):
        yield _tls(server, security)
    yield _protocol(server, security)
    if security.has_sasl:
        yield _mechanism(server, security)
    if security.has_tokens:
        todo = "check ASCOLTO_KAFKA_TOKEN_URL, and ASCOLTO_KAFKA_CA where that server's is private"
        yield checked("OAUTHBEARER token", lambda: _issued(security), todo)


def _issued(security: Security) -> str:
    security.tokens().token()
    return "issued"


def _tls(server: str, security: Security) -> Finding:
    what = "Kafka's TLS"
    try:
        with _connected(server, security) as open_socket:
            version = open_socket.version() if isinstance(open_socket, ssl.SSLSocket) else None
            return Finding(what, True, f"{version}, the certificate is trusted and for that name")
    except CannotAuthenticate as error:
        return Finding(what, False, str(error), "name the right files, in PEM form")
    except ssl.SSLCertVerificationError as error:
        todo = "set ASCOLTO_KAFKA_CA to the certificate of the authority that signed the brokers'"
        reason = error.verify_message.lower()
        if "hostname" in reason or "ip address" in reason:
            todo = "name the brokers in ASCOLTO_KAFKA as their certificates do"
        return Finding(what, False, error.verify_message, todo)
    except OSError as error:
        return Finding(what, False, f"no TLS at {server}: {_short(error)}", _PROTOCOL)


def _protocol(server: str, security: Security) -> Finding:
    what = "Kafka's protocol"
    try:
        with _connected(server, security) as open_socket:
            _asked(open_socket, _API_VERSIONS, 0, b"")
    except (OSError, struct.error, CannotAuthenticate) as error:
        if not security.protocol.endswith("SSL") and _speaks_tls(server):
            seen = f"{server} speaks TLS, and {security.protocol} is set"
            return Finding(what, False, seen, "set ASCOLTO_KAFKA_SECURITY to SSL or SASL_SSL")
        todo = _PROTOCOL
        if security.protocol == "SSL":
            todo = (
                "do the brokers ask for a certificate? set ASCOLTO_KAFKA_CERTIFICATE and "
                "ASCOLTO_KAFKA_KEY; is it a Kafka's port?"
            )
        return Finding(what, False, f"{server} does not answer: {_short(error)}", todo)
    return Finding(what, True, f"{server} answers over {security.protocol}")


def _mechanism(server: str, security: Security) -> Finding:
    what, wanted = "SASL mechanism", security.mechanism
    try:
        with _connected(server, security) as open_socket:
            answer = _asked(open_socket, _SASL_HANDSHAKE, 1, _text(wanted))
        (error_code,) = struct.unpack_from(">h", answer)
        offered = _texts(answer[2:])
    except (OSError, struct.error, CannotAuthenticate) as error:
        return Finding(what, False, f"no answer: {_short(error)}", _PROTOCOL)
    if error_code == _UNSUPPORTED_MECHANISM:
        seen = f"{wanted} is not offered; there is {', '.join(offered) or 'none'}"
        return Finding(what, False, seen, "set ASCOLTO_KAFKA_SASL to one of these")
    if error_code == _ILLEGAL_STATE:
        seen = f"{server} wants no SASL"
        return Finding(what, False, seen, "set ASCOLTO_KAFKA_SECURITY to PLAINTEXT or SSL")
    return Finding(what, True, f"{wanted} is offered")


def _connected(server: str, security: Security) -> socket.socket:
    host, port = split(server)
    plain = socket.create_connection((host, port), timeout=ANSWER_SECONDS)
    if not security.protocol.endswith("SSL"):
        return plain
    try:
        return security.context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _speaks_tls(server: str) -> bool:
    """Whether a server speaks TLS, whoever it is; nothing is sent to it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(split(server), timeout=ANSWER_SECONDS) as plain,
            context.wrap_socket(plain),
        ):
            return True
    except OSError:
        return False


def _asked(open_socket: socket.socket, api: int, version: int, body: bytes) -> bytes:
    """Kafka's answer to a request, after its correlation id."""
    request = struct.pack(">hhi", api, version, 1) + _text("ascolto-doctor") + body
    open_socket.sendall(struct.pack(">i", len(request)) + request)
    (length,) = struct.unpack(">i", _exactly(open_socket, 4))
    if not 4 <= length <= _MOST_ANSWER_BYTES:
        raise ConnectionError("not Kafka's protocol")
    return _exactly(open_socket, length)[4:]


def _exactly(open_socket: socket.socket, size: int) -> bytes:
    taken = b""
    while len(taken) < size:
        part = open_socket.recv(size - len(taken))
        if not part:
            raise ConnectionError("the connection was closed")
        taken += part
    return taken


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded


def _texts(raw: bytes) -> list[str]:
    (count,) = struct.unpack_from(">i", raw)
    at, found = 4, []
    for _ in range(count):
        (length,) = struct.unpack_from(">h", raw, at)
        found.append(raw[at + 2 : at + 2 + length].decode(errors="replace"))
        at += 2 + length
    return found


def _short(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__)
