SELECT
    {{agency:agency_id}} AS agency,
    {{figure}} AS value,
    {{figure}}_low AS low,
    {{figure}}_high AS high,
    {{figure}}_n AS n,
    as_of
{{> latest_snapshots}}
