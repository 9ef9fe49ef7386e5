CREATE TABLE IF NOT EXISTS survival (
    `client_id` LowCardinality(String),
    `window` LowCardinality(String),
    `as_of` DateTime('UTC'),
    `group_kind` LowCardinality(String),
    `group_name` LowCardinality(String),
    `horizon_days` UInt16,
    `n` UInt64,
    `events` UInt64,
    `days` Array(UInt16),
    `staying` Array(Float64),
    `low` Array(Nullable(Float64)),
    `high` Array(Nullable(Float64)),
    `at_risk` Array(UInt64),
    `logrank_statistic` Nullable(Float64),
    `logrank_p` Nullable(Float64),
    `logrank_n` UInt64,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, window, as_of, group_kind, group_name)
;
