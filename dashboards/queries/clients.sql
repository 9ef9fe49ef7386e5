SELECT
    client_id,
    {{client:client_id}} AS name
FROM (
    SELECT DISTINCT client_id FROM agency_metrics
    UNION DISTINCT
    SELECT DISTINCT client_id FROM calls
)
WHERE position(client_id, '\\') = 0
ORDER BY client_id
