"""The partition that a customer's events belong to, whoever sent them.

Emitters may key their messages with another partitioner than Kafka's own, or not at all. A
customer's events have to meet in one place: those that come elsewhere are sent on to it.
"""

from __future__ import annotations

from aiokafka.partitioner import murmur2

from streams.facts.identified import Identified
from streams.transport.delivery import Delivery


class Partitioning:
    """Where customers' events belong, by murmur2 of `customer_id`, as Java's clients choose."""

    def __init__(self, partitions: int) -> None:
        """`partitions` is the number that every topic has."""
        self._partitions = partitions

    def of(self, customer_id: str) -> int:
        """The partition of a customer, by the id as it was sent."""
        return int((murmur2(customer_id.encode()) & 0x7FFFFFFF) % self._partitions)

    def elsewhere(self, delivery: Delivery, fact: Identified) -> int | None:
        """The partition that a fact belongs to; None where it came by that one.

        What came pseudonymous is where it belongs: the workers and the journal named its place.
        """
        if fact.customer_id is None:
            return None
        right = self.of(fact.customer_id)
        return None if right == delivery.partition else right
