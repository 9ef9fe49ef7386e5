SELECT
    agency_id AS agency,
    if(recovery_rate_n = 0, NULL, amount_recovered) AS value,
    recovery_rate_n AS n,
    as_of
FROM agency_metrics FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND `window` = ${window:singlequote}
    AND as_of <= $__toTime
ORDER BY agency_id, day DESC
LIMIT 1 BY agency_id
