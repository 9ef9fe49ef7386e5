SELECT
    client_id,
    toFloat64(
        arrayCount(
            hour -> toDayOfWeek(hour, 0, ${zone:singlequote}) <= 5
                AND toHour(hour, ${zone:singlequote}) BETWEEN 9 AND 19,
            arrayMap(
                passed -> latest + toIntervalHour(passed),
                range(1, toUInt32(greatest(1, least(336, dateDiff('hour', latest, now())) + 1)))
            )
        )
    ) AS value
FROM (
    SELECT toString(client_id) AS client_id, max(hour) AS latest
    FROM agency_hours FINAL
    WHERE client_id = ${client:singlequote}
        AND segment = 'all'
        AND calls > 0
        AND hour >= now() - INTERVAL 60 DAY
    GROUP BY client_id
)
