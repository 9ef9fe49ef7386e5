-- Each customer's payments: (time in us, amount in 1/10^4, currency, what came back of it), the
-- last as (known from, whether all of it, amount): never known before the payment, and without
-- effect where it is dated a year or more before it.
SELECT
    client_id,
    customer,
    groupArray((
        at,
        amount,
        currency,
        arrayMap(
            back -> (greatest(back.1, at), back.2, back.3),
            arrayFilter(back -> at - back.1 < 31536000000000, returns)
        )
    )) AS payments
FROM (
    SELECT
        client_id,
        event_id AS payment_id,
        JSONExtractString(payload, 'data', 'customer_id') AS customer,
        toUnixTimestamp64Micro(parseDateTime64BestEffort(
            JSONExtractString(payload, 'data', 'received_at'), 6, 'UTC'
        )) AS at,
        toInt128(toDecimal128(JSONExtractString(payload, 'data', 'amount'), 4) * 10000) AS amount,
        JSONExtractString(payload, 'data', 'currency') AS currency
    FROM events FINAL
    WHERE topic = 'payment-received' AND event_time <= {latest:DateTime64(6, 'UTC')}
) AS paid
LEFT JOIN returns USING (client_id, customer, payment_id)
GROUP BY client_id, customer
