WITH
    (
        SELECT if(count() = 20, min(ended_at), toDateTime64(0, 6, 'UTC'))
        FROM (
            -- as many different ends are of as many conversations or more
            SELECT DISTINCT ended_at
            {{> shown_calls}}
                AND ended_at >= toDateTime64($__toTime, 6, 'UTC') - INTERVAL 31 DAY
            ORDER BY ended_at DESC
            LIMIT 20
        )
    ) AS reached,
    (
        SELECT groupArray((ended_at, event_id))
        FROM (
            SELECT ended_at, event_id
            {{> shown_calls}}
                AND ended_at >= reached
            ORDER BY ended_at DESC, event_id
            LIMIT 1 BY event_id
            LIMIT 20
        )
    ) AS newest,
    newest.2 AS shown_ids,
    arrayMin(newest.1) AS since,
    arrayMax(newest.1) AS until
SELECT
    ended_at AS time,
    {{agency:agency_id}} AS agency,
    event_id AS conversation,
    {{> call_columns}}
FROM (
    WITH
        {{> quoted_sentences}}
    SELECT
        ended_at, agency_id, event_id, aggression, empathy, sentiment,
        survey_rating, spoken_rating, predicted_rating, sentences,
        quotes, drivers, conduct, churn_intent, promise_to_pay, why
    FROM calls FINAL
    PREWHERE client_id = ${client:singlequote}
        AND ended_at >= since
        AND ended_at <= until
        AND has(shown_ids, event_id)
) AS shown
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND has(shown_ids, event_id)
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
ORDER BY ended_at DESC, event_id
