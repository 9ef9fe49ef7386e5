CREATE TABLE IF NOT EXISTS contact_excesses (
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `event_id` String,
    `ended_at` DateTime64(6, 'UTC'),
    `service` LowCardinality(String),
    `touchpoint` LowCardinality(String),
    `channel` LowCardinality(String),
    `customer_type` LowCardinality(String),
    `limit` LowCardinality(String),
    `version` UInt64,
    `is_deleted` UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(ended_at)
ORDER BY (client_id, ended_at, agency_id, event_id)
;
