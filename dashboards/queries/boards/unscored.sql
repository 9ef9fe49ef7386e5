WITH
    {{> clock_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    assumeNotNull(why) AS why_unscored,
    count() AS conversations,
    sum(conversations) OVER (PARTITION BY agency_id) AS unscored
FROM calls FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at >= toDateTime64(window_start, 6, 'UTC')
    AND ended_at < toDateTime64(window_end, 6, 'UTC')
    AND why IS NOT NULL
GROUP BY agency_id, why_unscored
ORDER BY agency, conversations DESC, why_unscored
