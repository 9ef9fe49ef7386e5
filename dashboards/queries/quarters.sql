WITH
    1.959964 AS z,
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    n,
    defined * least_lost / least_count AS least,
    defined * if(least_lost = 0, 0., least_centre - least_half) AS least_low,
    defined * if(least_lost = least_count, 1., least_centre + least_half) AS least_high,
    defined * least_count AS least_n,
    defined * most_lost / most_count AS most,
    defined * if(most_lost = 0, 0., most_centre - most_half) AS most_low,
    defined * if(most_lost = most_count, 1., most_centre + most_half) AS most_high,
    defined * most_count AS most_n
FROM (
    SELECT
        *,
        (least_lost + z * z / 2) / (least_count + z * z) AS least_centre,
        z / (least_count + z * z)
            * sqrt(least_lost * (least_count - least_lost) / least_count + z * z / 4) AS least_half,
        (most_lost + z * z / 2) / (most_count + z * z) AS most_centre,
        z / (most_count + z * z)
            * sqrt(most_lost * (most_count - most_lost) / most_count + z * z / 4) AS most_half
    FROM (
        SELECT
            agency_id,
            count() AS n,
            groupArray(assumeNotNull(aggression)) AS drawn,
            arraySort(drawn) AS scores,
            arraySort((left, score) -> score, groupArray(cancelled), drawn) AS lost,
            scores[intDiv(n + 3, 4)] AS least_up_to,
            scores[n + 1 - intDiv(n + 3, 4)] AS most_from,
            if(n >= 40 AND least_up_to < most_from, 1, NULL) AS defined,
            n + 1 - indexOf(arrayReverse(scores), least_up_to) AS least_count,
            n + 1 - indexOf(scores, most_from) AS most_count,
            arraySum(arraySlice(lost, 1, least_count)) AS least_lost,
            arraySum(arraySlice(lost, -toInt64(most_count))) AS most_lost
        FROM engagements FINAL
        WHERE client_id = ${client:singlequote}
            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
            {{> in_segment}}
            AND aggression IS NOT NULL
            AND NOT lost_to_supplier
            AND matures_at >= window_start
            AND matures_at < window_end
            AND opened_at >= toDateTime64(window_start - INTERVAL 366 DAY, 6, 'UTC')
            AND opened_at < toDateTime64(window_end, 6, 'UTC')
        GROUP BY agency_id
    )
)
ORDER BY agency
