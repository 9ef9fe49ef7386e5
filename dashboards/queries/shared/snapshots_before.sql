FROM (
    WITH
        toIntervalHour(
            {{> hours_of_window}}
        ) AS window_hours,
        (
            SELECT groupArray((toString(agency_id), day, as_of - window_hours))
            FROM (
                SELECT agency_id, day, as_of
                {{> whole_snapshots}}
                ORDER BY agency_id, day DESC
                LIMIT 1 BY agency_id
            )
        ) AS shown_moments
    {{> segment_figures}}
) AS snapshots
ORDER BY agency_id
