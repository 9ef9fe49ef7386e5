WITH
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    driver,
    sum(alike) AS calls,
    any(scored) AS n
FROM (
    SELECT
        agency_id,
        driver_set,
        count() AS alike,
        sum(count()) OVER (PARTITION BY agency_id) AS scored
    FROM calls FINAL
    PREWHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        AND ended_at >= toDateTime64(window_start, 6, 'UTC')
        AND ended_at < toDateTime64(window_end, 6, 'UTC')
    WHERE sentiment IS NOT NULL
        {{> in_segment}}
    GROUP BY agency_id, driver_set
)
ARRAY JOIN splitByChar(' ', driver_set) AS driver
WHERE driver != ''
GROUP BY agency, driver
ORDER BY agency, calls DESC, driver
