SELECT
    as_of AS time,
    {{agency:agency_id}} AS agency,
    if(nps_n < 30, 'n < 30', '') AS sample,
    nps AS value
FROM (
    SELECT agency_id, as_of, nps, nps_n
    {{> whole_snapshots}}
        AND as_of >= $__fromTime
        AND ${segment:singlequote} = 'all'
    UNION ALL
    SELECT agency_id, as_of, nps, nps_n
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
WHERE nps IS NOT NULL
ORDER BY time, agency
