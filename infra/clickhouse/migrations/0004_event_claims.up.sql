CREATE TABLE IF NOT EXISTS event_claims (
    `client_id` LowCardinality(String),
    `event_id` String,
    `customer` String,
    `digest` String,
    `older` Bool,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, event_id)
SETTINGS index_granularity = 512
;
