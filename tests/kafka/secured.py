"""Brokers that want TLS and a password, a token or a certificate, and check what a user may do."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import trustme
from cryptography.hazmat.primitives import serialization

from infra.embedded import processes as children
from infra.kafka.security import Mechanism, Protocol, Security
from tests.kafka.broker import KafkaBroker
from tests.kafka.cluster import BROKERS, KafkaCluster, Member

USER, PASSWORD = "ascolto", "a password for tests"
EMITTER, EMITTER_PASSWORD = "emitter", "a third password for tests"
ADMIN, ADMIN_PASSWORD = "admin", "another password for tests"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
_TOKEN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
_USERS = ((ADMIN, ADMIN_PASSWORD), (USER, PASSWORD), (EMITTER, EMITTER_PASSWORD))


class Certificates:
    """An authority made for one test, with what it signed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = folder / "authority.pem"
        self.keystore = folder / "broker.pem"
        self.client = folder / "client.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        broker = authority.issue_cert("127.0.0.1")
        self.keystore.write_bytes(_pkcs8(broker.private_key_pem.bytes()))
        for certificate in broker.cert_chain_pems:
            certificate.write_to_path(self.keystore, append=True)
        client = authority.issue_cert("client.example")
        client.private_key_and_cert_chain_pem.write_to_path(self.client)


class Secured(KafkaBroker):
    """Takes clients over one protocol; over SSL those with a certificate of its authority.

    With SASL nobody may do anything that no ACL allows, but for the administrator.
    """

    protocol: Protocol
    certificates: Certificates

    def security(self, mechanism: Mechanism = "SCRAM-SHA-512") -> Security:
        """What a client needs that the broker takes."""
        ca = self.certificates.authority
        if self.protocol == "SSL":
            return Security("SSL", ca=ca, certificate=self.certificates.client)
        return Security(self.protocol, mechanism, USER, PASSWORD, ca)

    def administrator(self) -> Security:
        """The same of the one who may do everything."""
        if self.protocol == "SSL":
            return self.security()
        ca = self.certificates.authority
        return Security(self.protocol, "PLAIN", ADMIN, ADMIN_PASSWORD, ca)

    def settings(self) -> dict[str, str]:
        """The broker's configuration."""
        name = self.protocol
        settings = super().settings()
        settings["listeners"] = settings["listeners"].replace("PLAINTEXT://", f"{name}://", 1)
        listener = f"listener.name.{name.lower()}"
        settings |= {
            "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{name}:{name}",
            "inter.broker.listener.name": name,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certificates.keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificates.authority),
            "ssl.client.auth": "required" if name == "SSL" else "none",
        }
        if name.startswith("SASL"):
            users = " ".join(f'user_{user}="{password}"' for user, password in _USERS)
            own = f'username="{ADMIN}" password="{ADMIN_PASSWORD}"'
            settings |= {
                "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
                "sasl.mechanism.inter.broker.protocol": "PLAIN",
                f"{listener}.plain.sasl.jaas.config": f"{_PLAIN} {own} {users};",
                f"{listener}.scram-sha-256.sasl.jaas.config": f"{_SCRAM};",
                f"{listener}.scram-sha-512.sasl.jaas.config": f"{_SCRAM};",
                f"{listener}.oauthbearer.sasl.jaas.config": (
                    f'{_TOKEN} unsecuredLoginStringClaim_sub="{ADMIN}";'
                ),
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": f"User:{ADMIN};User:ANONYMOUS",
            }
        return settings

    def formatting(self) -> list[str]:
        """The users of SCRAM are made with the storage."""
        return [
            f"--add-scram={mechanism}=[name={user},password={password}]"
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for user, password in _USERS
            if self.protocol.startswith("SASL")
        ]

    def client_options(self) -> dict[str, Any]:
        """How the test itself asks whether the broker answers."""
        return self.administrator().options()


class SecuredBroker(Secured):
    """One such broker alone."""

    def __init__(self, folder: Path, libs: Path, protocol: Protocol) -> None:
        self.protocol = protocol
        self.certificates = Certificates(folder)
        super().__init__(folder, libs)


class SecuredMember(Secured, Member):
    """One of several."""

    def __init__(
        self,
        folder: Path,
        libs: Path,
        number: int,
        controllers: list[str],
        certificates: Certificates,
    ) -> None:
        self.protocol = "SASL_SSL"
        self.certificates = certificates
        Member.__init__(self, folder, libs, number, controllers)


class SecuredCluster(KafkaCluster):
    """Three brokers over SASL_SSL; also what they say to each other."""

    brokers: Sequence[SecuredMember]

    def __init__(self, folder: Path, libs: Path) -> None:
        self.certificates = Certificates(folder)
        controllers = [f"127.0.0.1:{children.free_port()}" for _ in range(BROKERS)]
        self.brokers = [
            SecuredMember(folder / str(number), libs, number, controllers, self.certificates)
            for number in range(1, BROKERS + 1)
        ]


def environment(security: Security) -> dict[str, str]:
    """A client's security as settings of the environment."""
    given = {
        "SECURITY": security.protocol,
        "SASL": security.mechanism,
        "USERNAME": security.username,
        "PASSWORD": security.password,
        "CA": security.ca,
        "CERTIFICATE": security.certificate,
        "TOKEN_URL": security.token_url,
        "SCOPE": security.scope,
    }
    return {f"ASCOLTO_KAFKA_{name}": str(value) for name, value in given.items() if value}


def allow(bootstrap: str, administrator: Security, prefix: str) -> None:
    """The ACLs of docs/operations.md, for what begins with `prefix`: of workers and of emitters."""
    from kafka.admin import (
        ACL,
        ACLOperation,
        ACLPermissionType,
        ACLResourcePatternType,
        KafkaAdminClient,
        ResourcePattern,
        ResourceType,
    )

    def acls(user: str, kind: Any, operations: Sequence[str]) -> Iterator[Any]:
        for operation in operations:
            yield ACL(
                principal=f"User:{user}",
                host="*",
                operation=ACLOperation[operation],
                permission_type=ACLPermissionType.ALLOW,
                resource_pattern=ResourcePattern(kind, prefix, ACLResourcePatternType.PREFIXED),
            )

    operations = ["READ", "WRITE", "CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"]
    admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), **administrator.options())
    try:
        admin.create_acls(
            [
                *acls(USER, ResourceType.TOPIC, operations),
                *acls(USER, ResourceType.GROUP, ["READ", "DESCRIBE"]),
                *acls(USER, ResourceType.TRANSACTIONAL_ID, ["WRITE", "DESCRIBE"]),
                *acls(EMITTER, ResourceType.TOPIC, ["WRITE", "DESCRIBE"]),
            ]
        )
    finally:
        admin.close()


@contextmanager
def token_server(client_id: str, secret: str) -> Iterator[tuple[str, list[str]]]:
    """A server of unsecured tokens (RFC 7515, `alg` none), and the forms that it was sent."""
    forms: list[str] = []
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    expected = f"Basic {base64.b64encode(pair.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            good = self.headers["Authorization"] == expected
            body = json.dumps({"access_token": unsecured_token(client_id), "expires_in": 600})
            self.send_response(200 if good else 401)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode() if good else b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token", forms
    finally:
        server.shutdown()
        server.server_close()


def unsecured_token(subject: str, seconds: float = 600) -> str:
    """A token without signature, as Kafka's own validator for tests takes it."""
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + int(seconds)})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join(part.rstrip("=") for part in encoded) + "."


def _pkcs8(key: bytes) -> bytes:
    """A private key in the only form that Kafka reads."""
    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
