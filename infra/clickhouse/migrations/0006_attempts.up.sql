CREATE TABLE IF NOT EXISTS attempts (
    `event_id` String,
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `customer` String,
    `started_at` DateTime64(6, 'UTC'),
    `ended_at` DateTime64(6, 'UTC'),
    `service` LowCardinality(String),
    `touchpoint` LowCardinality(String),
    `channel` LowCardinality(String),
    `customer_type` LowCardinality(String),
    `reason` LowCardinality(String),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, event_id)
;
