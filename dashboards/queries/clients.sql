SELECT client_id
FROM (
    SELECT DISTINCT client_id FROM agency_metrics
    UNION DISTINCT
    SELECT DISTINCT client_id FROM calls
)
WHERE position(client_id, '\\') = 0
ORDER BY client_id
