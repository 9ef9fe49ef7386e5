WITH
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    toString(toDayOfWeek(hour, 0, {{timezone}})) AS weekday,
    toFloat64(sum(aggression_sum)) / 10000 / n AS value,
    toInt64(sum(aggression_n)) AS n
FROM agency_hours FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND segment = ${segment:singlequote}
    AND hour >= window_start
    AND hour < window_end
    AND known < window_end
GROUP BY agency_id, weekday
HAVING n > 0
ORDER BY agency, weekday
