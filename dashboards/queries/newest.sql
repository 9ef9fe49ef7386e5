SELECT maxOrNull(time) AS newest
FROM (
    SELECT max(ended_at) AS time
    FROM (
        SELECT ended_at
        FROM calls
        WHERE client_id = ${client:singlequote} AND ended_at <= now64(6, 'UTC')
        ORDER BY ended_at DESC
        LIMIT 1
    )
    UNION ALL
    SELECT maxIf(event_time, event_time <= now64(6, 'UTC')) AS time
    FROM events WHERE client_id = ${client:singlequote}
    UNION ALL
    SELECT maxIf(toDateTime64(as_of, 6, 'UTC'), as_of <= now('UTC')) AS time
    FROM agency_metrics WHERE client_id = ${client:singlequote}
)
WHERE time > toDateTime64('2000-01-01 00:00:00', 6, 'UTC')
