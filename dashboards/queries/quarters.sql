WITH
    1.959964 AS z,
    (k, m) -> (k + z * z / 2) / (m + z * z) AS centre,
    (k, m) -> z / (m + z * z) * sqrt(k * (m - k) / m + z * z / 4) AS half,
    (k, m) -> if(k = 0, 0., centre(k, m) - half(k, m)) AS lower_end,
    (k, m) -> if(k = m, 1., centre(k, m) + half(k, m)) AS upper_end
SELECT
    agency,
    n,
    if(defined, least_lost / least_count, NULL) AS least,
    if(defined, lower_end(least_lost, least_count), NULL) AS least_low,
    if(defined, upper_end(least_lost, least_count), NULL) AS least_high,
    if(defined, least_count, NULL) AS least_n,
    if(defined, most_lost / most_count, NULL) AS most,
    if(defined, lower_end(most_lost, most_count), NULL) AS most_low,
    if(defined, upper_end(most_lost, most_count), NULL) AS most_high,
    if(defined, most_count, NULL) AS most_n
FROM (
    SELECT
        {{agency:agency_id}} AS agency,
        count() AS n,
        groupArray((assumeNotNull(aggression), cancelled)) AS engaged,
        arraySort(arrayMap(each -> each.1, engaged)) AS scores,
        scores[intDiv(n + 3, 4)] AS least_up_to,
        scores[n + 1 - intDiv(n + 3, 4)] AS most_from,
        n >= 40 AND least_up_to < most_from AS defined,
        arrayCount(each -> each.1 <= least_up_to, engaged) AS least_count,
        arrayCount(each -> each.1 <= least_up_to AND each.2, engaged) AS least_lost,
        arrayCount(each -> each.1 >= most_from, engaged) AS most_count,
        arrayCount(each -> each.1 >= most_from AND each.2, engaged) AS most_lost
    FROM engagements FINAL
    WHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        {{> in_segment}}
        AND aggression IS NOT NULL
        AND NOT lost_to_supplier
        AND matures_at < toStartOfHour(toDateTime($__toTime, 'UTC')) + INTERVAL 1 HOUR
        AND matures_at >= toStartOfHour(toDateTime($__toTime, 'UTC')) + INTERVAL 1 HOUR
            - toIntervalHour(transform(${window:singlequote}, ['24h', '7d', '30d', '90d'], [24, 168, 720, 2160], 24))
    GROUP BY agency
)
ORDER BY agency
