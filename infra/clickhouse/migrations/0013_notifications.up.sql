CREATE TABLE IF NOT EXISTS notifications (
    `client_id` LowCardinality(String),
    `target` LowCardinality(String),
    `alert_id` String,
    `number` UInt32,
    `agency_id` LowCardinality(String),
    `kind` LowCardinality(String),
    `status` LowCardinality(String),
    `alert` String,
    `thread` String,
    `sent_at` DateTime64(6, 'UTC'),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, target, alert_id, number)
;
CREATE TABLE IF NOT EXISTS alert_actions (
    `client_id` LowCardinality(String),
    `alert_id` String,
    `action_id` String,
    `agency_id` LowCardinality(String),
    `action` LowCardinality(String),
    `who` String,
    `text` String,
    `at` DateTime64(6, 'UTC'),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, alert_id, action_id)
;
