WITH
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    toHour(hour, {{timezone}}) AS hour_of_day,
    concat(leftPad(toString(hour_of_day), 2, '0'), ':00') AS at,
    toFloat64(sum(aggression_sum)) / 10000 / n AS value,
    toInt64(sum(aggression_n)) AS n
FROM agency_hours FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND hour >= window_start
    AND hour < window_end
    AND known < window_end
GROUP BY agency_id, hour_of_day
HAVING n > 0
ORDER BY agency, hour_of_day
