SELECT
    as_of AS time,
    {{agency:agency_id}} AS agency,
    if(nps_n < 30, 'n < 30', '') AS sample,
    nps AS value
FROM agency_metrics FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND `window` = ${window:singlequote}
    AND as_of >= $__fromTime
    AND as_of <= $__toTime
    AND nps IS NOT NULL
ORDER BY time, agency
