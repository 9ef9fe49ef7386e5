FROM (
    -- of everything
    SELECT
        {{> snapshot_columns}}
    {{> whole_snapshots}}
        AND as_of >= $__fromTime
        AND ${segment:singlequote} = 'all'
    UNION ALL -- of a segment
    SELECT
        {{> snapshot_columns}}
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
    -- either
) AS snapshots
