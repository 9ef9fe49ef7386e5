SELECT
    as_of AS time,
    {{figure}} AS value,
    {{figure}}_low AS low,
    {{figure}}_high AS high,
    {{figure}}_n AS n
FROM (
    SELECT as_of, {{figure}}, {{figure}}_low, {{figure}}_high, {{figure}}_n
    {{> whole_snapshots}}
        AND as_of >= $__fromTime
        AND ${segment:singlequote} = 'all'
    UNION ALL
    SELECT as_of, {{figure}}, {{figure}}_low, {{figure}}_high, {{figure}}_n
    FROM (
        WITH
            toIntervalHour(
                {{> hours_of_window}}
            ) AS window_hours,
            moments AS (
                SELECT agency_id, day, as_of
                {{> whole_snapshots}}
                    AND as_of >= $__fromTime
                    AND ${segment:singlequote} != 'all'
            )
        {{> segment_figures}}
    )
)
WHERE {{figure}} IS NOT NULL
ORDER BY time
