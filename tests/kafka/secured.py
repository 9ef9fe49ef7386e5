"""A broker that wants TLS and a password, with certificates made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import serialization

from infra.kafka.security import Mechanism, Protocol, Security
from tests.kafka.broker import KafkaBroker

USER, PASSWORD = "ascolto", "a password for tests"
_ADMIN, _ADMIN_PASSWORD = "admin", "another password for tests"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"


class SecuredBroker(KafkaBroker):
    """Takes clients over one protocol; over SSL those with a certificate of its authority."""

    def __init__(self, folder: Path, libs: Path, protocol: Protocol) -> None:
        self.protocol = protocol
        self.authority = folder / "authority.pem"
        self.keystore = folder / "broker.pem"
        self.client = folder / "client.pem"
        folder.mkdir(parents=True)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        broker = authority.issue_cert("127.0.0.1")
        self.keystore.write_bytes(_pkcs8(broker.private_key_pem.bytes()))
        for certificate in broker.cert_chain_pems:
            certificate.write_to_path(self.keystore, append=True)
        client = authority.issue_cert("client.example")
        client.private_key_and_cert_chain_pem.write_to_path(self.client)
        super().__init__(folder, libs)

    def security(self, mechanism: Mechanism = "SCRAM-SHA-512") -> Security:
        """What a client needs that the broker takes."""
        own = self.client if self.protocol == "SSL" else None
        if self.protocol == "SSL":
            return Security("SSL", ca=self.authority, certificate=own)
        return Security(self.protocol, mechanism, USER, PASSWORD, self.authority)

    def environment(self, mechanism: Mechanism = "SCRAM-SHA-512") -> dict[str, str]:
        """The same as settings of the environment."""
        security = self.security(mechanism)
        given = {
            "SECURITY": security.protocol,
            "SASL": security.mechanism,
            "USERNAME": security.username,
            "PASSWORD": security.password,
            "CA": security.ca,
            "CERTIFICATE": security.certificate,
        }
        return {f"ASCOLTO_KAFKA_{name}": str(value) for name, value in given.items() if value}

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
            "ssl.keystore.location": str(self.keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority),
            "ssl.client.auth": "required" if name == "SSL" else "none",
        }
        if name.startswith("SASL"):
            users = f'user_{_ADMIN}="{_ADMIN_PASSWORD}" user_{USER}="{PASSWORD}"'
            own = f'username="{_ADMIN}" password="{_ADMIN_PASSWORD}"'
            settings |= {
                "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
                "sasl.mechanism.inter.broker.protocol": "PLAIN",
                f"{listener}.plain.sasl.jaas.config": f"{_PLAIN} {own} {users};",
                f"{listener}.scram-sha-256.sasl.jaas.config": f"{_SCRAM};",
                f"{listener}.scram-sha-512.sasl.jaas.config": f"{_SCRAM};",
            }
        return settings

    def formatting(self) -> list[str]:
        """The users of SCRAM are made with the storage."""
        return [
            f"--add-scram={mechanism}=[name={USER},password={PASSWORD}]"
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            if self.protocol.startswith("SASL")
        ]

    def client_options(self) -> dict[str, Any]:
        """How the test itself asks whether the broker answers."""
        return self.security("PLAIN").options()


def _pkcs8(key: bytes) -> bytes:
    """A private key in the only form that Kafka reads."""
    return serialization.load_pem_private_key(key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
