SELECT DISTINCT segment
FROM agency_hours
WHERE client_id = ${client:singlequote}
ORDER BY segment != 'all', segment
