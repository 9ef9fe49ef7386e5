"""What is to be done on a Grafana: a step for each thing, planned first and then carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MADE_BY_US = "ascolto"
"""The tag of our dashboards; begins the uids of our folder, rules and contact points."""


class Outcome(StrEnum):
    """What becomes of a thing."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    LEFT = "left"
    """It comes from elsewhere, such as a file that Grafana reads; it stays as it is."""
    REFUSED = "refused"
    """There is one of that name which Ascolto did not make."""


CHANGES = (Outcome.CREATED, Outcome.UPDATED, Outcome.DELETED)


@dataclass(frozen=True)
class Step:
    """One thing of a Grafana, and what becomes of it."""

    kind: str
    name: str
    outcome: Outcome
    detail: str = ""
    """Why, or in what it differs."""
    action: Callable[[], object] | None = field(default=None, repr=False, compare=False)
    """What is to be called for it; None: nothing."""

    def as_json(self) -> dict[str, str]:
        """As `--json` prints it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "outcome": self.outcome.value,
            "detail": self.detail,
        }


def refused(kind: str, name: str) -> Step:
    """A thing of ours in whose place there is one that we did not make."""
    return Step(
        kind,
        name,
        Outcome.REFUSED,
        "there is one that Ascolto did not make: remove it or give it another uid, or take it over "
        "with --adopt",
    )


def carry_out(steps: Iterable[Step]) -> None:
    """Do what the steps say, in their order.

    Raises:
        GrafanaRefused: Grafana did not do one of them; those before it are done.
        GrafanaAway: it can no longer be reached.
    """
    for step in steps:
        if step.action is not None:
            step.action()
