SELECT maxOrNull(time) AS newest
FROM (
    SELECT max(ended_at) AS time FROM calls WHERE client_id = ${client:singlequote}
    UNION ALL
    SELECT max(event_time) AS time FROM events WHERE client_id = ${client:singlequote}
    UNION ALL
    SELECT max(toDateTime64(as_of, 6, 'UTC')) AS time
    FROM agency_metrics WHERE client_id = ${client:singlequote}
)
WHERE time > toDateTime64('2000-01-01 00:00:00', 6, 'UTC')
