CREATE TABLE IF NOT EXISTS worker_status (
    `worker` LowCardinality(String),
    `instance` String,
    `release` LowCardinality(String),
    `started_at` DateTime64(6, 'UTC'),
    `at` DateTime64(6, 'UTC'),
    `stopped` Bool,
    `progressed_at` Nullable(DateTime64(6, 'UTC')),
    `event_time` Nullable(DateTime64(6, 'UTC')),
    `lag` Map(LowCardinality(String), UInt64),
    `events_per_second` Map(LowCardinality(String), Float64),
    `counts` Map(LowCardinality(String), UInt64),
    `state_keys` Map(LowCardinality(String), UInt64),
    `state_bytes` Map(LowCardinality(String), UInt64),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (at, worker, instance)
TTL toDateTime(at) + INTERVAL 14 DAY
;
