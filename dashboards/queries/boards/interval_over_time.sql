SELECT
    as_of AS time,
    {{figure}} AS value,
    {{figure}}_low AS low,
    {{figure}}_high AS high,
    {{figure}}_n AS n
{{> snapshots_over_time}}
WHERE {{figure}} IS NOT NULL
ORDER BY time
