"""One Kafka: where it is, how clients authenticate, and what our topics and groups are called."""

from __future__ import annotations

from dataclasses import dataclass

from infra.kafka.security import NO_SECURITY, Security


@dataclass(frozen=True)
class Cluster:
    """A Kafka cluster, perhaps shared with others: then a prefix begins all names of ours."""

    bootstrap: str
    """Servers, comma-separated."""
    security: Security = NO_SECURITY
    prefix: str = ""

    @property
    def servers(self) -> list[str]:
        """The bootstrap servers."""
        return [server.strip() for server in self.bootstrap.split(",")]

    def topic(self, name: str) -> str:
        """What a topic of the catalogue, or a changelog, is called on this Kafka."""
        return f"{self.prefix}{name}"

    def group(self, worker: str) -> str:
        """The consumer group of a worker."""
        return f"{self.prefix}ascolto-{worker}"
