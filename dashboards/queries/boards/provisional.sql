WITH
    {{> window_bounds}},
    (
        SELECT max(as_of)
        FROM agency_metrics
        WHERE client_id = ${client:singlequote}
    ) AS latest,
    window_end > latest AS is_now
SELECT
    {{agency:agency_id}} AS agency,
    count() AS n,
    if(is_now, countIf(paid), NULL) AS paid_so_far,
    if(is_now, toFloat64(sum(amount)), NULL) AS amount_so_far,
    if(is_now, countIf(cancelled AND NOT lost_to_supplier), NULL) AS lost_so_far,
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
