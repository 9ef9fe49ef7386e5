WITH
    (
        SELECT maxOrNull(ended_at)
        FROM (
            SELECT ended_at
            FROM calls
            WHERE client_id = ${client:singlequote} AND ended_at <= now64(6, 'UTC')
            ORDER BY ended_at DESC
            LIMIT 1
        )
    ) AS scored,
    (
        SELECT
            (
                maxOrNullIf(event_time, topic = 'call-transcribed'),
                maxOrNullIf(event_time, topic IN ('payment-received', 'payment-returned', 'contract-cancelled'))
            )
        FROM events
        WHERE client_id = ${client:singlequote} AND event_time <= now64(6, 'UTC')
    ) AS journaled,
    (
        SELECT maxOrNull(toDateTime64(as_of, 6, 'UTC'))
        FROM agency_metrics
        WHERE client_id = ${client:singlequote} AND as_of <= now('UTC')
    ) AS counted
SELECT
    arrayMax(arrayFilter(time -> time IS NOT NULL, [scored, journaled.1, journaled.2, counted])) AS newest,
    scored,
    journaled.1 AS arrived,
    journaled.2 AS followed
