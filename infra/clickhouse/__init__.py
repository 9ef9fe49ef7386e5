"""The store: ClickHouse, in process (chDB) or a server, through clickhouse-connect."""
