SELECT
    {{agency:agency_id}} AS agency,
    if(recovery_rate_n = 0, NULL, amount_recovered) AS value,
    recovery_rate_n AS n,
    as_of
{{> latest_snapshots}}
