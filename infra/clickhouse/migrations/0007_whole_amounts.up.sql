ALTER TABLE engagements MODIFY COLUMN `amount` Decimal(38, 4)
;

ALTER TABLE agency_metrics MODIFY COLUMN `amount_recovered` Decimal(38, 4)
;

CREATE TABLE IF NOT EXISTS letter_replays (
    `letter_id` String,
    `replayed_at` DateTime64(6, 'UTC'),
    `place` String,
    `client_id` Nullable(String),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (letter_id, replayed_at)
;
