SELECT DISTINCT agency_id
FROM agency_metrics
WHERE client_id = ${client:singlequote}
ORDER BY agency_id
