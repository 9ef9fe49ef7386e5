-- Snapshots to recompute: those that were stored, and the days between an agency's first hour and its
-- last snapshot that have none.
SELECT
    client_id,
    agency_id,
    segment,
    window,
    day,
    max(written) AS is_stored,
    if(is_stored, max(at), toDateTime(day, 'UTC') + INTERVAL 23 HOUR) AS as_of,
    toStartOfHour(as_of) + INTERVAL 1 HOUR AS ends,
    ends - toIntervalHour(transform(window, ['24h', '7d', '30d', '90d'], [24, 168, 720, 2160], 0))
        AS begins
FROM (
    SELECT
        client_id, agency_id, segment, window, day, true AS written, as_of AS at
    FROM agency_metrics FINAL
    UNION ALL
    SELECT
        client_id,
        agency_id,
        segment,
        arrayJoin(['24h', '7d', '30d', '90d']) AS window,
        first_day + arrayJoin(range(toUInt32(greatest(last_day - first_day, 0)))) AS day,
        false AS written,
        toDateTime(0, 'UTC') AS at
    FROM (
        SELECT client_id, agency_id, segment, toDate(min(hour)) AS first_day
        FROM recomputed_hours
        GROUP BY client_id, agency_id, segment
    ) AS known
    INNER JOIN (
        SELECT client_id, agency_id, segment, max(day) AS last_day
        FROM agency_metrics FINAL
        GROUP BY client_id, agency_id, segment
    ) AS stored USING (client_id, agency_id, segment)
)
GROUP BY client_id, agency_id, segment, window, day
