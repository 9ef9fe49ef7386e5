"""How clients prove who they are to Kafka, and how it proves itself to them: TLS and SASL."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from infra.errors import InfraError
from infra.kafka.tokens import TokenSource, for_kafka_python

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


class CannotAuthenticate(InfraError):
    """A certificate or key cannot be used; the message names the setting and the file."""


@dataclass(frozen=True)
class Security:
    """One cluster's security; the default is none, for a broker on the same machine."""

    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    """Certificates that brokers' are signed with; none: those that the system trusts."""
    certificate: Path | None = None
    key: Path | None = None
    token_url: str | None = None
    """Where OAUTHBEARER's tokens come from; user name and password are the client's there."""
    scope: str | None = None
    """What a token is asked for."""

    @property
    def has_sasl(self) -> bool:
        """Whether a user name and a password, or a token, are sent."""
        return self.protocol.startswith("SASL")

    @property
    def has_tokens(self) -> bool:
        """Whether a token is sent in place of user name and password."""
        return self.has_sasl and self.mechanism == "OAUTHBEARER"

    def tokens(self) -> TokenSource:
        """The source of OAUTHBEARER's tokens.

        Raises:
            CannotAuthenticate: the settings do not say where they come from.
        """
        if self.token_url is None or self.username is None or self.password is None:
            raise CannotAuthenticate(
                "OAUTHBEARER needs ASCOLTO_KAFKA_TOKEN_URL, ASCOLTO_KAFKA_USERNAME and "
                "ASCOLTO_KAFKA_PASSWORD"
            )
        return TokenSource(self.token_url, self.username, self.password, self.scope, self.ca)

    def options(
        self, token_provider: Callable[[TokenSource], Any] = for_kafka_python
    ) -> dict[str, Any]:
        """Arguments of the clients of kafka-python and of aiokafka, whose names are the same.

        Args:
            token_provider: makes of a source of tokens what the client takes.

        Raises:
            CannotAuthenticate: a certificate or key cannot be read.
        """
        if self.protocol == "PLAINTEXT":
            return {}
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            options["ssl_context"] = self.context()
        if self.has_tokens:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_oauth_token_provider": token_provider(self.tokens()),
            }
        elif self.has_sasl:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options

    def context(self) -> ssl.SSLContext:
        """TLS that checks the brokers' certificates and names, and shows our own if there is one.

        Raises:
            CannotAuthenticate: a certificate or key cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise CannotAuthenticate(
                f"ASCOLTO_KAFKA_CA: {self.ca} holds no certificate that can be read: {error}"
            ) from error
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key)
            except OSError as error:
                raise CannotAuthenticate(
                    f"ASCOLTO_KAFKA_CERTIFICATE, ASCOLTO_KAFKA_KEY: {self.certificate} and "
                    f"{self.key} are no certificate with its key: {error}"
                ) from error
        return context


NO_SECURITY = Security()
