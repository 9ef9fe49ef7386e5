-- Each customer's payments: (time in us, amount in 1/10^4, currency).
SELECT
    client_id,
    JSONExtractString(payload, 'data', 'customer_id') AS customer,
    groupArray((
        toUnixTimestamp64Micro(parseDateTime64BestEffort(
            JSONExtractString(payload, 'data', 'received_at'), 6, 'UTC'
        )),
        toInt128(toDecimal128(JSONExtractString(payload, 'data', 'amount'), 4) * 10000),
        JSONExtractString(payload, 'data', 'currency')
    )) AS payments
FROM events FINAL
WHERE topic = 'payment-received' AND event_time <= {latest:DateTime64(6, 'UTC')}
GROUP BY client_id, customer
