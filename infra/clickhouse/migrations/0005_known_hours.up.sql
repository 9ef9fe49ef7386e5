DROP TABLE IF EXISTS agency_hours_known
;

CREATE TABLE agency_hours_known (
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `segment` LowCardinality(String),
    `hour` DateTime('UTC'),
    `known` DateTime('UTC'),
    `calls` Int128,
    `promoters` Int128,
    `passives` Int128,
    `detractors` Int128,
    `predicted_promoters` Int128,
    `predicted_passives` Int128,
    `predicted_detractors` Int128,
    `aggression_n` Int128,
    `aggression_sum` Int128,
    `aggression_sq` Int128,
    `empathy_n` Int128,
    `empathy_sum` Int128,
    `sentiment_n` Int128,
    `sentiment_sum` Int128,
    `matured` Int128,
    `supplier_lost` Int128,
    `cancelled` Int128,
    `paid` Int128,
    `amount` Int128,
    `churn_n` Int128,
    `churn_x` Int128,
    `churn_xx` Int128,
    `churn_y` Int128,
    `churn_xy` Int128,
    `payment_n` Int128,
    `payment_x` Int128,
    `payment_xx` Int128,
    `payment_y` Int128,
    `payment_xy` Int128,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, segment, hour, known)
;

INSERT INTO agency_hours_known (
    client_id, agency_id, segment, hour, known,
    calls, promoters, passives, detractors, predicted_promoters, predicted_passives,
    predicted_detractors, aggression_n, aggression_sum, aggression_sq, empathy_n, empathy_sum,
    sentiment_n, sentiment_sum, matured, supplier_lost, cancelled, paid, amount, churn_n,
    churn_x, churn_xx, churn_y, churn_xy, payment_n, payment_x, payment_xx, payment_y,
    payment_xy, version
)
SELECT
    client_id, agency_id, segment, hour, hour,
    calls, promoters, passives, detractors, predicted_promoters, predicted_passives,
    predicted_detractors, aggression_n, aggression_sum, aggression_sq, empathy_n, empathy_sum,
    sentiment_n, sentiment_sum, matured, supplier_lost, cancelled, paid, amount, churn_n,
    churn_x, churn_xx, churn_y, churn_xy, payment_n, payment_x, payment_xx, payment_y,
    payment_xy, version
FROM agency_hours
;

EXCHANGE TABLES agency_hours_known AND agency_hours
;

DROP TABLE agency_hours_known
;

CREATE TABLE IF NOT EXISTS call_surveys (
    `client_id` LowCardinality(String),
    `event_id` String,
    `agency_id` LowCardinality(String),
    `rating` UInt8,
    `known_at` DateTime64(6, 'UTC'),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, event_id)
;
