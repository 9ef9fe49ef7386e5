WITH
    1.959964 AS z,
    {{> window_bounds}},
    found AS (
        SELECT
            agency_id,
            arrayDistinct(drivers) AS found_drivers,
            coalesce(survey_rating, later_rating, spoken_rating) AS rating
        {{> rated_calls}}
            AND sentiment IS NOT NULL
    ),
    every AS (
        SELECT
            agency_id, count() AS n, count(rating) AS rated,
            countIf(rating >= 9) AS promoters, countIf(rating <= 6) AS detractors
        FROM found
        GROUP BY agency_id
    ),
    with_driver AS (
        SELECT
            agency_id, driver, count() AS k, count(rating) AS with_rated,
            countIf(rating >= 9) AS with_promoters, countIf(rating <= 6) AS with_detractors
        FROM found
        ARRAY JOIN found_drivers AS driver
        GROUP BY agency_id, driver
    )
SELECT
    {{agency:agency_id}} AS agency,
    driver,
    k / n AS share,
    if(k = 0, 0., centre - half) AS share_low,
    if(k = n, 1., centre + half) AS share_high,
    concat(toString(toInt64(round(100 * share_low))), ' … ', toString(toInt64(round(100 * share_high))), ' %') AS share_range,
    k AS conversations,
    n,
    if(defined, 100 * weight * (mean_without - mean_with), NULL) AS nps_cost,
    if(defined, nps_cost - cost_half, NULL) AS nps_cost_low,
    if(defined, nps_cost + cost_half, NULL) AS nps_cost_high,
    if(
        defined,
        concat(toString(toInt64(round(nps_cost_low))), ' … ', toString(toInt64(round(nps_cost_high)))),
        NULL
    ) AS nps_cost_range,
    with_rated
FROM (
    SELECT
        *,
        (k + z * z / 2) / (n + z * z) AS centre,
        z / (n + z * z) * sqrt(k * (n - k) / n + z * z / 4) AS half,
        rated - with_rated AS without_rated,
        with_rated >= 10 AND without_rated >= 10 AS defined,
        with_rated / greatest(rated, 1) AS weight,
        (with_promoters - with_detractors) / greatest(with_rated, 1) AS mean_with,
        (promoters - with_promoters - detractors + with_detractors) / greatest(without_rated, 1) AS mean_without,
        (with_promoters + 0.75) / (with_rated + 3) AS p_with,
        (with_detractors + 0.75) / (with_rated + 3) AS d_with,
        (promoters - with_promoters + 0.75) / (without_rated + 3) AS p_without,
        (detractors - with_detractors + 0.75) / (without_rated + 3) AS d_without,
        100 * z * weight * sqrt(
            (p_with + d_with - pow(p_with - d_with, 2)) / (with_rated + 3)
            + (p_without + d_without - pow(p_without - d_without, 2)) / (without_rated + 3)
        ) AS cost_half
    FROM with_driver
    INNER JOIN every USING (agency_id)
)
ORDER BY agency, share DESC, driver
