WITH
    1.959964 AS z,
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    segment,
    held AS calls,
    if(rated = 0, NULL, 100 * (promoters_ - detractors_) / rated) AS nps,
    (promoters_ + 0.75) / (rated + 3) AS p,
    (detractors_ + 0.75) / (rated + 3) AS d,
    100 * z * sqrt((p + d - pow(p - d, 2)) / (rated + 3)) AS nps_half,
    greatest(-100., 100 * (p - d) - nps_half) AS nps_low,
    least(100., 100 * (p - d) + nps_half) AS nps_high,
    if(
        rated > 0 AND nps_low <= nps AND nps <= nps_high,
        concat(toString(toInt64(round(nps_low))), ' … ', toString(toInt64(round(nps_high)))),
        NULL
    ) AS nps_range,
    rated AS nps_n,
    if(scored = 0, NULL, toFloat64(aggression_total) / 10000 / scored) AS aggression,
    if(left_n <= 0, NULL, lost / left_n) AS churn_rate,
    (lost + z * z / 2) / (left_n + z * z) AS centre,
    z / (left_n + z * z) * sqrt(lost * greatest(left_n - lost, 0) / greatest(left_n, 1) + z * z / 4) AS half,
    if(
        left_n <= 0,
        NULL,
        concat(
            toString(toInt64(round(100 * if(lost = 0, 0., centre - half)))), ' … ',
            toString(toInt64(round(100 * if(lost = left_n, 1., centre + half)))), ' %'
        )
    ) AS churn_range,
    greatest(left_n, 0) AS churn_rate_n
FROM (
    SELECT
        agency_id,
        segment,
        toInt64(sum(calls)) AS held,
        toInt64(sum(promoters)) AS promoters_,
        toInt64(sum(detractors)) AS detractors_,
        toInt64(sum(promoters) + sum(passives) + sum(detractors)) AS rated,
        toInt64(sum(aggression_n)) AS scored,
        sum(aggression_sum) AS aggression_total,
        toInt64(sum(matured) - sum(supplier_lost)) AS left_n,
        toInt64(sum(cancelled)) AS lost
    FROM agency_hours FINAL
    WHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        AND segment != 'all'
        AND hour >= window_start
        AND hour < window_end
        AND known < window_end
    GROUP BY agency_id, segment
    HAVING held > 0 OR left_n > 0
)
ORDER BY agency, segment
