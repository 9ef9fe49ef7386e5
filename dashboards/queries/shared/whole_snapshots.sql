FROM agency_metrics FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = 'all'
    AND `window` = ${window:singlequote}
    AND as_of <= $__toTime
