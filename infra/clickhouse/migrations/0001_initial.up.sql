CREATE TABLE IF NOT EXISTS events (
    `topic` LowCardinality(String),
    `event_id` String,
    `client_id` LowCardinality(String),
    `customer` String,
    `event_time` DateTime64(6, 'UTC'),
    `partition` UInt16,
    `payload` String,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, topic, event_id)
;

CREATE TABLE IF NOT EXISTS calls (
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
    `language` LowCardinality(String),
    `from_audio` Bool,
    `aggression` Nullable(Float64),
    `empathy` Nullable(Float64),
    `sentiment` Nullable(Float64),
    `sentiment_change` Nullable(Float64),
    `survey_rating` Nullable(UInt8),
    `spoken_rating` Nullable(UInt8),
    `predicted_rating` Nullable(UInt8),
    `churn_intent` Bool,
    `promise_to_pay` Bool,
    `drivers` Array(String),
    `conduct` Array(String),
    `quotes` Array(Tuple(kind String, turn UInt32, text String, weight Float64)),
    `turns` String,
    `scorer_version` LowCardinality(String),
    `why` Nullable(String),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, event_id)
;

CREATE TABLE IF NOT EXISTS engagements (
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `customer` String,
    `opened_at` DateTime64(6, 'UTC'),
    `matures_at` DateTime('UTC'),
    `service` LowCardinality(String),
    `touchpoint` LowCardinality(String),
    `channel` LowCardinality(String),
    `customer_type` LowCardinality(String),
    `calls` UInt32,
    `scored` UInt32,
    `aggression` Nullable(Float64),
    `empathy` Nullable(Float64),
    `cancelled` Bool,
    `lost_to_supplier` Bool,
    `paid` Bool,
    `amount` Decimal(18, 4),
    `version` UInt64,
    `is_deleted` UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (client_id, agency_id, customer, opened_at)
;

CREATE TABLE IF NOT EXISTS agency_hours (
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `segment` LowCardinality(String),
    `hour` DateTime('UTC'),
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
ORDER BY (client_id, agency_id, segment, hour)
;

CREATE TABLE IF NOT EXISTS agency_metrics (
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `segment` LowCardinality(String),
    `window` LowCardinality(String),
    `day` Date,
    `as_of` DateTime('UTC'),
    `calls` UInt64,
    `nps` Nullable(Float64),
    `nps_low` Nullable(Float64),
    `nps_high` Nullable(Float64),
    `nps_n` UInt64,
    `nps_predicted` Nullable(Float64),
    `nps_predicted_low` Nullable(Float64),
    `nps_predicted_high` Nullable(Float64),
    `nps_predicted_n` UInt64,
    `aggression` Nullable(Float64),
    `aggression_n` UInt64,
    `empathy` Nullable(Float64),
    `empathy_n` UInt64,
    `sentiment` Nullable(Float64),
    `sentiment_n` UInt64,
    `churn_rate` Nullable(Float64),
    `churn_rate_low` Nullable(Float64),
    `churn_rate_high` Nullable(Float64),
    `churn_rate_n` UInt64,
    `recovery_rate` Nullable(Float64),
    `recovery_rate_low` Nullable(Float64),
    `recovery_rate_high` Nullable(Float64),
    `recovery_rate_n` UInt64,
    `amount_recovered` Float64,
    `churn_correlation` Nullable(Float64),
    `churn_correlation_low` Nullable(Float64),
    `churn_correlation_high` Nullable(Float64),
    `churn_correlation_n` UInt64,
    `churn_correlation_p` Nullable(Float64),
    `payment_correlation` Nullable(Float64),
    `payment_correlation_low` Nullable(Float64),
    `payment_correlation_high` Nullable(Float64),
    `payment_correlation_n` UInt64,
    `payment_correlation_p` Nullable(Float64),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, segment, window, day)
;

CREATE TABLE IF NOT EXISTS alerts (
    `alert_id` String,
    `client_id` LowCardinality(String),
    `agency_id` LowCardinality(String),
    `kind` LowCardinality(String),
    `status` LowCardinality(String),
    `since` DateTime('UTC'),
    `opened_at` DateTime('UTC'),
    `resolved_at` Nullable(DateTime('UTC')),
    `baseline` Float64,
    `level` Float64,
    `rise_points` Float64,
    `rise_sd` Float64,
    `n` UInt64,
    `quotes` Array(Tuple(event_id String, turn UInt32, text String, aggression Float64)),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, alert_id)
;

CREATE TABLE IF NOT EXISTS dead_letters (
    `letter_id` String,
    `topic` LowCardinality(String),
    `origin` String,
    `reason` String,
    `error_class` LowCardinality(String),
    `original` String,
    `event_id` Nullable(String),
    `client_id` Nullable(String),
    `written_at` DateTime64(6, 'UTC'),
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (letter_id)
;
