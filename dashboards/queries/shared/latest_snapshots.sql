FROM agency_metrics FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND `window` = ${window:singlequote}
    AND as_of <= $__toTime
ORDER BY agency_id, day DESC
LIMIT 1 BY agency_id
