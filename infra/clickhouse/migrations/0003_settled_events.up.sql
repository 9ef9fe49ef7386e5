CREATE TABLE IF NOT EXISTS settled_events (
    `client_id` LowCardinality(String),
    `customer` String,
    `kind` LowCardinality(String),
    `event_id` String,
    `entry` String,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, customer, kind, event_id)
;
