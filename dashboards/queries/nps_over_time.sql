SELECT
    as_of AS time,
    {{agency:agency_id}} AS agency,
    if(nps_n < 30, 'n < 30', '') AS sample,
    nps AS value
{{> snapshots_over_time}}
WHERE nps IS NOT NULL
ORDER BY time, agency
