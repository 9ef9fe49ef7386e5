WITH
    (
        SELECT (customer, agency_id)
        FROM calls FINAL
        WHERE client_id = ${client:singlequote}
            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
            AND event_id = ${conversation:singlequote}
        LIMIT 1
    ) AS this
SELECT
    ended_at AS time,
    {{agency:agency_id}} AS agency,
    event_id AS conversation,
    channel,
    aggression,
    empathy,
    sentiment,
    coalesce(survey_rating, later_rating, spoken_rating) AS rating
FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND agency_id = this.2
    AND customer = this.1
    AND ended_at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
ORDER BY ended_at
LIMIT 100
