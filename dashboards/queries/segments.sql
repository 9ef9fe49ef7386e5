SELECT DISTINCT segment
FROM agency_metrics
WHERE client_id = ${client:singlequote}
ORDER BY segment != 'all', segment
