CREATE TABLE IF NOT EXISTS call_scores (
    `client_id` LowCardinality(String),
    `event_id` String,
    `scorer_version` LowCardinality(String),
    `score` String,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, event_id)
;
