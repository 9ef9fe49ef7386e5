SELECT DISTINCT client_id
FROM agency_metrics
UNION DISTINCT
SELECT DISTINCT client_id
FROM calls
ORDER BY client_id
