WITH
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    count() AS n,
    countIf(paid) AS paid_so_far,
    toFloat64(sum(amount)) AS amount_so_far,
    countIf(cancelled AND NOT lost_to_supplier) AS lost_so_far,
    min(matures_at) AS first_matures,
    max(matures_at) AS last_matures
FROM engagements FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND matures_at >= window_end
    AND opened_at >= toDateTime64(window_end - INTERVAL 366 DAY, 6, 'UTC')
    AND opened_at < toDateTime64(window_end, 6, 'UTC')
GROUP BY agency_id
ORDER BY agency
