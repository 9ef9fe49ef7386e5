SELECT time, timeEnd, title, text, tags
FROM (
    SELECT
        toDateTime64(opened_at, 3, 'UTC') AS time,
        toDateTime64(least(coalesce(resolved_at, $__toTime), $__toTime), 3, 'UTC') AS timeEnd,
        {{agency:agency_id}} AS title,
        kind AS text,
        concat('alert,', kind, ',', status) AS tags
    FROM alerts FINAL
    WHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        AND status != 'retracted'
        AND opened_at <= $__toTime
    UNION ALL
    SELECT
        toDateTime64(at, 3, 'UTC') AS time,
        time AS timeEnd,
        {{agency:agency_id}} AS title,
        concat(who, ': ', text) AS text,
        'note' AS tags
    FROM alert_actions FINAL
    WHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        AND action = 'note'
        AND at <= $__toTime
)
ORDER BY time, title, text
