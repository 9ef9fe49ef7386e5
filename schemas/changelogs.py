"""The changelogs of the workers' states: compacted topics, one a table."""

from __future__ import annotations

LINK_TABLES = ("customers", "settled")
"""Tables of the agent `link`."""
AGGREGATE_TABLES = ("agency-days", "agency-alerts")
"""Tables of the agent `aggregate`."""


def changelog_topic(worker: str, table: str) -> str:
    """Name of a table's changelog topic, which the admin step makes."""
    return f"ascolto-{worker}-{table}-changelog"


CHANGELOGS = tuple(
    changelog_topic("analytics", table) for table in (*LINK_TABLES, *AGGREGATE_TABLES)
)
