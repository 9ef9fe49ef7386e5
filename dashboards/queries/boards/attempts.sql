WITH
    {{> clock_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    reason,
    count() AS n,
    max(ended_at) AS last
FROM attempts FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at >= toDateTime64(window_start, 6, 'UTC')
    AND ended_at < toDateTime64(window_end, 6, 'UTC')
GROUP BY agency_id, reason
ORDER BY agency, n DESC, reason
