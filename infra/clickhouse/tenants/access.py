"""What a tenant may read: the one definition that the SQL and the users file are written from.

Nothing is readable unless it is named here. Texts in the tables of `READABLE` were redacted before
they were stored; those of `WITHHELD` hold raw events, the journal or the workers' own state.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.clickhouse.tenants.identity import Tenant
from schemas.rows import (
    AGENCY_HOURS,
    AGENCY_METRICS,
    ALERT_ACTIONS,
    ALERTS,
    ATTEMPTS,
    CALL_SURVEYS,
    CALLS,
    CONTACT_EXCESSES,
    DISPLAY_NAMES,
    ENGAGEMENTS,
    PAYMENTS_AND_CANCELLATIONS,
    SURVIVAL,
    Table,
)


@dataclass(frozen=True)
class Readable:
    """A table or view that tenants read, and which of its rows and columns."""

    table: Table
    agency_rows: str = "agency_id = {agency}"
    """The rows of one agency; `{agency}` becomes its id, quoted."""
    withheld: frozenset[str] = frozenset({"version", "is_deleted"})
    """Columns that no tenant reads."""
    withheld_from_agencies: frozenset[str] = frozenset()
    """Further columns that an agency does not read: they compare it with the others."""

    def columns(self, tenant: Tenant) -> list[str]:
        """The columns that the tenant may select, in the table's order."""
        hidden = self.withheld | (self.withheld_from_agencies if tenant.agency_id else set())
        return [name for name in self.table.columns if name not in hidden]

    def row_filter(self, tenant: Tenant) -> str:
        """SQL that is true of the tenant's rows alone."""
        own = f"client_id = {quoted(tenant.client_id)}"
        if not tenant.agency_id:
            return own
        return f"{own} AND {self.agency_rows.replace('{agency}', quoted(tenant.agency_id))}"


READABLE = (
    # When a call was scored is in its version.
    Readable(CALLS, withheld=frozenset()),
    Readable(CONTACT_EXCESSES),
    Readable(CALL_SURVEYS),
    Readable(ATTEMPTS),
    Readable(ENGAGEMENTS),
    Readable(AGENCY_HOURS),
    Readable(AGENCY_METRICS),
    Readable(ALERTS),
    # What people of the client company wrote about an agency is not for the agency.
    Readable(ALERT_ACTIONS, agency_rows="0"),
    Readable(
        SURVIVAL,
        agency_rows="group_kind = 'agency' AND group_name = {agency}",
        withheld=frozenset(),
        withheld_from_agencies=frozenset({"logrank_statistic", "logrank_p", "logrank_n"}),
    ),
    Readable(DISPLAY_NAMES, agency_rows="agency_id IN ('', {agency})"),
    # Payments do not know the agency: of its own engagements an agency sees whether they were paid.
    Readable(PAYMENTS_AND_CANCELLATIONS, agency_rows="0"),
)

WITHHELD = {
    "events": "the journal: all that was said and paid, by customer",
    "event_claims": "digests of events",
    "call_scores": "the embedded stack's own copy of the scores",
    "settled_events": "the workers' state of customers",
    "dead_letters": "raw events, with personal data",
    "letter_replays": "belongs to the dead letters",
    "notifications": "which target accepted which message, for the notifier alone",
    "worker_status": "of the workers, for the team that runs them",
    "schema_migrations": "the store's own",
}
"""Tables that no tenant reads, and why."""

HIDDEN_SYSTEM_TABLES = (
    "tables",
    "columns",
    "parts",
    "parts_columns",
    "detached_parts",
    "projection_parts",
    "merges",
    "mutations",
    "processes",
    "query_log",
    "query_thread_log",
    "query_views_log",
    "query_metric_log",
    "part_log",
    "text_log",
    "session_log",
    "trace_log",
    "processors_profile_log",
    "asynchronous_inserts",
    "asynchronous_insert_log",
    "backup_log",
    "blob_storage_log",
    "crash_log",
    "dictionaries",
    "replicas",
    "replication_queue",
    "distribution_queue",
    "zookeeper_log",
)
"""Tables of the database `system` that no tenant sees a row of.

ClickHouse lets everyone read `tables` and `columns`, which count the rows and bytes of all tenants
together; the others it refuses only under `select_from_system_db_requires_grant`, its default.
"""


@dataclass(frozen=True)
class Setting:
    """A ClickHouse setting of every tenant's user: its value, and what it may be changed to."""

    name: str
    value: int
    low: int | None = None
    high: int | None = None

    @property
    def changeable(self) -> bool:
        """Whether a read-only user may change it, from `low` to `high`."""
        return self.low is not None


SETTINGS = (
    Setting("readonly", 1),
    Setting("max_execution_time", 60, low=1, high=300),
    Setting("max_memory_usage", 4_000_000_000),
)
"""Nothing can be changed but the time limit, which Grafana sends with each query."""


def quoted(text: str) -> str:
    """A text as a literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def named(identifier: str) -> str:
    """A name as an identifier of ClickHouse's SQL."""
    return "`" + identifier.replace("\\", "\\\\").replace("`", "\\`") + "`"
