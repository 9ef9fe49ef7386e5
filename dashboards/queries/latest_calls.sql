WITH
    (
        SELECT if(count() = 20, min(ended_at), toDateTime64(0, 6, 'UTC'))
        FROM (
            SELECT ended_at
            {{> shown_calls}}
                AND ended_at >= toDateTime64($__toTime, 6, 'UTC') - INTERVAL 31 DAY
            ORDER BY ended_at DESC
            LIMIT 1 BY event_id
            LIMIT 20
        )
    ) AS since,
    newest AS (
        SELECT ended_at, agency_id, event_id
        {{> shown_calls}}
            AND ended_at >= since
        ORDER BY ended_at DESC, event_id
        LIMIT 1 BY event_id
        LIMIT 20
    ),
    {{> quoted_sentences}}
SELECT
    ended_at AS time,
    {{agency:agency_id}} AS agency,
    event_id AS conversation,
    {{> call_columns}}
FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND event_id IN (SELECT event_id FROM newest)
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND (ended_at, agency_id, event_id) IN (newest)
ORDER BY ended_at DESC, event_id
