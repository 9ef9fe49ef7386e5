WITH
    toFloat64(version) / 1e6 - toFloat64(toUnixTimestamp64Micro(ended_at)) / 1e6 AS delay
SELECT
    {{agency:agency_id}} AS agency,
    count() AS n,
    quantileExact(0.5)(delay) AS half,
    quantileExact(0.95)(delay) AS slowest,
    max(ended_at) AS newest
FROM calls FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at >= toDateTime64($__fromTime, 6, 'UTC') - INTERVAL 31 DAY
    AND version >= toUnixTimestamp($__fromTime) * 1000000
    AND version <= toUnixTimestamp($__toTime) * 1000000
    AND delay >= 0
GROUP BY agency_id
ORDER BY agency
