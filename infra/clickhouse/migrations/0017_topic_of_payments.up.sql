CREATE OR REPLACE VIEW payments_and_cancellations (
    `client_id` LowCardinality(String),
    `customer` String,
    `event_time` DateTime64(6, 'UTC'),
    `kind` String,
    `amount` Nullable(Float64),
    `currency` String,
    `topic` LowCardinality(String)
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    client_id,
    customer,
    event_time,
    multiIf(
        topic = 'payment-received', 'payment',
        topic = 'payment-returned', 'return',
        JSONExtractString(payload, 'data', 'ended_by') = 'supplier', 'closed_by_supplier',
        'cancellation'
    ) AS kind,
    toFloat64OrNull(JSONExtractString(payload, 'data', 'amount')) AS amount,
    JSONExtractString(payload, 'data', 'currency') AS currency,
    topic
FROM events FINAL
WHERE topic IN ('payment-received', 'payment-returned', 'contract-cancelled')
;
