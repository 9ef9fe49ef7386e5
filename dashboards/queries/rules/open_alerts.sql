SELECT
    toString(client_id) AS client_id,
    toString(agency_id) AS agency_id,
    {{agency:agency_id}} AS agency,
    alert_id,
    toFloat64({{figure}}) AS value
FROM (
    SELECT
        client_id,
        agency_id,
        alert_id,
        1 AS is_open,
        if(kind = 'aggression_rise', 2, 0) + (kind != 'silence' AND abs(rise_points) < 5) AS digits,
        round(baseline, digits) AS usual,
        round(level, digits) AS present,
        round(abs(present - usual), digits) AS change,
        n AS observations,
        toUInt64(formatDateTime(since, '%Y%m%d%H%i', ${zone:singlequote})) AS since_local
    FROM alerts FINAL
    WHERE client_id = ${client:singlequote} AND kind = ${kind:singlequote} AND status = 'open'
)
ORDER BY agency_id, alert_id
