FROM (
    -- of everything
    SELECT
        {{> snapshot_columns}}
    {{> whole_snapshots}}
        AND day >= toDate($__fromTime, 'UTC')
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
            (
                SELECT groupArray((toString(agency_id), day, as_of))
                {{> whole_snapshots}}
                    AND day >= toDate($__fromTime, 'UTC')
                    AND as_of >= $__fromTime
                    AND ${segment:singlequote} != 'all'
            ) AS shown_moments
        {{> segment_figures}}
    )
    -- either
) AS snapshots
