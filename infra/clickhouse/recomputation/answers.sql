-- Each call's answers with a rating: (time in us, id of the answer, rating).
SELECT
    client_id,
    customer,
    call_id,
    groupArray((at, event_id, assumeNotNull(rating))) AS answers
FROM (
    SELECT
        client_id,
        event_id,
        JSONExtractString(payload, 'data', 'customer_id') AS customer,
        JSONExtractString(payload, 'data', 'call', 'id') AS call_id,
        toUnixTimestamp64Micro(parseDateTime64BestEffort(
            JSONExtractString(payload, 'data', 'answered_at'), 6, 'UTC'
        )) AS at,
        JSONExtract(payload, 'data', 'rating', 'Nullable(UInt8)') AS rating
    FROM events FINAL
    WHERE topic = 'survey-answered' AND event_time <= {latest:DateTime64(6, 'UTC')}
)
WHERE rating IS NOT NULL
GROUP BY client_id, customer, call_id
