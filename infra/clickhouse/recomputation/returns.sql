-- What came back of each payment: (time in us, whether all of it, amount in 1/10^4).
SELECT
    client_id,
    customer,
    payment_id,
    groupArray((at, written = '', toInt128(toDecimal128OrZero(written, 4) * 10000))) AS returns
FROM (
    SELECT
        client_id,
        JSONExtractString(payload, 'data', 'customer_id') AS customer,
        JSONExtractString(payload, 'data', 'payment', 'id') AS payment_id,
        toUnixTimestamp64Micro(parseDateTime64BestEffort(
            JSONExtractString(payload, 'data', 'returned_at'), 6, 'UTC'
        )) AS at,
        JSONExtractString(payload, 'data', 'amount') AS written
    FROM events FINAL
    WHERE topic = 'payment-returned' AND event_time <= {latest:DateTime64(6, 'UTC')}
)
GROUP BY client_id, customer, payment_id
