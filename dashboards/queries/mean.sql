SELECT
    {{agency:agency_id}} AS agency,
    {{figure}} AS value,
    {{figure}}_n AS n,
    as_of
{{> latest_snapshots}}
