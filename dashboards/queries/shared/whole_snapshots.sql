FROM agency_metrics FINAL
PREWHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = 'all'
    AND `window` = ${window:singlequote}
    AND day <= toDate($__toTime, 'UTC')
WHERE as_of <= $__toTime
