-- Each customer's ended contracts: (time in us, who ended it).
SELECT
    client_id,
    JSONExtractString(payload, 'data', 'customer_id') AS customer,
    groupArray((
        toUnixTimestamp64Micro(parseDateTime64BestEffort(
            JSONExtractString(payload, 'data', 'cancelled_at'), 6, 'UTC'
        )),
        JSONExtractString(payload, 'data', 'ended_by')
    )) AS cancellations
FROM events FINAL
WHERE topic = 'contract-cancelled' AND event_time <= {latest:DateTime64(6, 'UTC')}
GROUP BY client_id, customer
