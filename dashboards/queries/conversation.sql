SELECT
    ended_at AS time,
    {{agency:agency_id}} AS agency,
    event_id AS conversation,
    dateDiff('second', started_at, ended_at) AS seconds,
    service,
    touchpoint,
    channel,
    customer_type,
    language,
    from_audio,
    speakers,
    aggression,
    empathy,
    sentiment,
    sentiment_change,
    coalesce(survey_rating, later_rating, spoken_rating, predicted_rating) AS rating,
    multiIf(
        survey_rating IS NOT NULL OR later_rating IS NOT NULL, 'survey',
        spoken_rating IS NOT NULL, 'spoken',
        predicted_rating IS NOT NULL, 'predicted',
        NULL
    ) AS rating_source,
    arrayDistinct(drivers) AS drivers,
    arrayConcat(
        arrayFilter(rule -> rule != 'frequency', arrayDistinct(conduct)),
        if(event_id IN (
            SELECT event_id
            FROM contact_excesses FINAL
            WHERE client_id = ${client:singlequote} AND event_id = ${conversation:singlequote}
        ), ['frequency'], [])
    ) AS conduct,
    churn_intent,
    promise_to_pay,
    why,
    scorer_version
FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND event_id = ${conversation:singlequote}
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> this_conversation}}
