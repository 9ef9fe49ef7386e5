FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND known_at >= toDateTime64(window_start, 6, 'UTC')
        AND known_at < toDateTime64(window_end, 6, 'UTC')
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at >= toDateTime64(window_start, 6, 'UTC')
    AND ended_at < toDateTime64(window_end, 6, 'UTC')
