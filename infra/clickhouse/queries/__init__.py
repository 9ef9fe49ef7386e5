"""infra/clickhouse/queries."""
