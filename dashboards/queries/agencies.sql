SELECT DISTINCT
    agency_id,
    {{agency:agency_id}} AS name
FROM agency_metrics
WHERE client_id = ${client:singlequote}
    AND position(agency_id, '\\') = 0
ORDER BY agency_id
