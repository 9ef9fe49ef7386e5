WITH
    1.959964 AS z,
    {{> window_bounds}},
    (
        -- when those that mature in the window began
        SELECT (min(opened_at), max(opened_at))
        FROM engagements
        WHERE client_id = ${client:singlequote}
            AND matures_at >= window_start
            AND matures_at < window_end
            AND opened_at >= toDateTime64(window_start - INTERVAL 366 DAY, 6, 'UTC')
            AND opened_at < toDateTime64(window_end, 6, 'UTC')
    ) AS begun
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
            n,
            if(n >= 40 AND least_up_to < most_from, 1, NULL) AS defined,
            arrayCount(score -> score <= least_up_to, scores) AS least_count,
            arrayCount(score -> score >= most_from, scores) AS most_count,
            arrayCount(score -> score <= least_up_to, scores_of_lost) AS least_lost,
            arrayCount(score -> score >= most_from, scores_of_lost) AS most_lost
        FROM (
            SELECT
                agency_id,
                count() AS n,
                arraySort(groupArray(assumeNotNull(aggression))) AS scores,
                groupArrayIf(assumeNotNull(aggression), cancelled) AS scores_of_lost,
                scores[intDiv(n + 3, 4)] AS least_up_to,
                scores[n + 1 - intDiv(n + 3, 4)] AS most_from
            FROM engagements FINAL
            PREWHERE client_id = ${client:singlequote}
                AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
                AND opened_at >= begun.1
                AND opened_at <= begun.2
            WHERE 1
                {{> in_segment}}
                AND aggression IS NOT NULL
                AND NOT lost_to_supplier
                AND matures_at >= window_start
                AND matures_at < window_end
            GROUP BY agency_id
        )
    )
)
ORDER BY agency
