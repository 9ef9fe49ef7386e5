WITH
    greatest(60, intDiv(toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime), 120)) AS step
SELECT
    toDateTime(intDiv(intDiv(version, 1000000), step) * step, 'UTC') AS time,
    toInt64(countIf(why IS NULL)) AS scored,
    toInt64(countIf(why IS NOT NULL)) AS unscored
FROM calls FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at >= toDateTime64($__fromTime, 6, 'UTC') - INTERVAL 31 DAY
    AND version >= toUnixTimestamp($__fromTime) * 1000000
    AND version <= toUnixTimestamp($__toTime) * 1000000
GROUP BY time
ORDER BY time
