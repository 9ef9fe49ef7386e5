WITH 3600 * if(${window:singlequote} = '24h', 6, 24) AS step
SELECT
    toDateTime(intDiv(toUnixTimestamp(hour), step) * step, 'UTC') AS time,
    {{agency:agency_id}} AS agency,
    if(sum(aggression_n) < 30, 'n < 30', '') AS sample,
    toFloat64(sum(aggression_sum)) / 10000 / toFloat64(sum(aggression_n)) AS value
FROM agency_hours FINAL
PREWHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND $__timeFilter(hour)
GROUP BY time, agency
HAVING sum(aggression_n) > 0
ORDER BY time, agency
