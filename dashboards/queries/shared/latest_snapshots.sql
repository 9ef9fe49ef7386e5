FROM (
    -- of everything
    SELECT
        {{> snapshot_columns}}
    {{> whole_snapshots}}
        AND ${segment:singlequote} = 'all'
    ORDER BY agency_id, day DESC
    LIMIT 1 BY agency_id
    UNION ALL -- of a segment
    SELECT *
    FROM (
        WITH
            toIntervalHour(
                {{> hours_of_window}}
            ) AS window_hours,
            (
                SELECT groupArray((toString(agency_id), day, as_of))
                FROM (
                    SELECT agency_id, day, as_of
                    {{> whole_snapshots}}
                        AND ${segment:singlequote} != 'all'
                    ORDER BY agency_id, day DESC
                    LIMIT 1 BY agency_id
                )
            ) AS shown_moments
        {{> segment_figures}}
    )
    -- either
) AS snapshots
ORDER BY agency_id
