CREATE TABLE IF NOT EXISTS display_names (
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `name` String,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id)
;
