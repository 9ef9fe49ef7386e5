INSERT INTO display_names
SELECT
    client AS client_id,
    agency AS agency_id,
    concat('Agenzia ', agency) AS name,
    1 AS version
FROM numbers(1)
ARRAY JOIN ['acqua', 'luce', 'lift'] AS client
ARRAY JOIN ['', 'agency-0', 'agency-1', 'agency-2', 'agency-3', 'agency-4', 'agency-5'] AS agency
