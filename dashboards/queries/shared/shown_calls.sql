FROM calls
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
