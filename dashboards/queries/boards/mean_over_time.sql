WITH
    1.959964 AS z,
    3600 * if(${window:singlequote} = '24h', 6, 24) AS step
SELECT
    toDateTime(intDiv(toUnixTimestamp(hour), step) * step, 'UTC') AS time,
    toInt64(sum(aggression_n)) AS n,
    toFloat64(sum(aggression_sum)) / 10000 / n AS value,
    if(n < 2, NULL, z * sqrt(greatest(0., toFloat64(sum(aggression_sq)) / 1e8 / n - value * value) / greatest(n - 1, 1))) AS reach,
    greatest(0., value - reach) AS low,
    least(1., value + reach) AS high
FROM agency_hours FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND $__timeFilter(hour)
GROUP BY time
HAVING n > 0
ORDER BY time
