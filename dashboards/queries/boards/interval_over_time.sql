SELECT
    as_of AS time,
    {{figure}} AS value,
    {{figure}}_low AS low,
    {{figure}}_high AS high,
    {{figure}}_n AS n
FROM agency_metrics FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND `window` = ${window:singlequote}
    AND as_of >= $__fromTime
    AND as_of <= $__toTime
    AND {{figure}} IS NOT NULL
ORDER BY time
