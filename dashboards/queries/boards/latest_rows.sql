SELECT
    what,
    newest,
    dateDiff('second', newest, $__toTime) AS age
FROM (
    SELECT 'calls' AS what, maxOrNull(ended_at) AS newest
    FROM calls WHERE client_id = ${client:singlequote} AND ended_at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    UNION ALL
    SELECT 'attempts' AS what, maxOrNull(ended_at) AS newest
    FROM attempts WHERE client_id = ${client:singlequote} AND ended_at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    UNION ALL
    SELECT if(topic = 'payment-received', 'payments', 'cancellations') AS what, maxOrNull(event_time) AS newest
    FROM payments_and_cancellations
    WHERE client_id = ${client:singlequote}
        AND topic IN ('payment-received', 'contract-cancelled')
        AND event_time < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    GROUP BY what
    UNION ALL
    SELECT 'snapshots' AS what, toDateTime64(maxOrNull(as_of), 6, 'UTC') AS newest
    FROM agency_metrics WHERE client_id = ${client:singlequote} AND as_of <= $__toTime
    UNION ALL
    SELECT 'alerts' AS what, toDateTime64(maxOrNull(opened_at), 6, 'UTC') AS newest
    FROM alerts WHERE client_id = ${client:singlequote} AND opened_at <= $__toTime
)
WHERE newest IS NOT NULL
ORDER BY what
