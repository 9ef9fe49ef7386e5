"""All that a Grafana is to have, and the steps that lead there from what it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.publishing.alerting import Alerting, plan_alerting
from dashboards.publishing.connection import Connection
from dashboards.publishing.data_sources import DataSource, plan_data_source
from dashboards.publishing.saved_dashboards import plan_dashboards, plan_folder
from dashboards.publishing.steps import Step


@dataclass(frozen=True)
class Content:
    """What one organisation of a Grafana is to have."""

    dashboards: Sequence[dict[str, Any]]
    data_source: DataSource | None = None
    """None: whatever data source is there."""
    alerting: Alerting | None = None
    """None: alert rules, contact points and policies are not looked at."""


def plan(connection: Connection, content: Content, *, adopt: bool = False) -> list[Step]:
    """What is to be done, in its order; nothing is changed by planning.

    Args:
        connection: to the organisation.
        content: what it is to have.
        adopt: take over things of ours that we did not make, instead of refusing.

    Raises:
        GrafanaRefused: it does not let us read.
        GrafanaAway: it cannot be reached.
    """
    steps = [
        plan_folder(connection),
        plan_data_source(connection, content.data_source, adopt=adopt),
        *plan_dashboards(connection, content.dashboards, adopt=adopt),
    ]
    if content.alerting is not None:
        steps += plan_alerting(connection, content.alerting, adopt=adopt)
    return steps
