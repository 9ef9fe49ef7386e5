"""One message as an agent gets it, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from schemas.codec import InvalidMessage, Model, decode

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True)
class Delivery:
    """One message as it came from a topic."""

    topic: str
    partition: int
    offset: int
    value: bytes
    appended_us: int | None = None
    """When the broker appended it, us since the epoch; None where the broker does not say."""

    memo: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """What agents of one worker have made of it, for the others that read the same topic."""

    def read(self, model: type[ModelT]) -> ModelT | InvalidMessage:
        """The message as a `model`, or why it is not one; decoded once for all agents."""
        if model not in self.memo:
            self.memo[model] = decode(self.value, model)
        return cast("ModelT | InvalidMessage", self.memo[model])

    @property
    def position(self) -> tuple[str, int, int]:
        """Where it came from: topic, partition, offset."""
        return self.topic, self.partition, self.offset

    @property
    def origin(self) -> str:
        """The position as text, for dead letters."""
        return f"{self.topic}/{self.partition}/{self.offset}"
