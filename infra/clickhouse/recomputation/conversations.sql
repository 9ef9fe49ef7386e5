-- Conversations with what counts: times in microseconds, scores in 1/10^4, one rating or none, and
-- the rating of a survey answered later: the first answer's, known from its time but never before
-- the call's end; without effect where it is dated a year or more before it, or the call itself
-- came with a survey.
-- The journal keeps what was said, not how it scored: scores come from table `calls`.
SELECT
    client_id,
    agency_id,
    event_id,
    customer,
    toUnixTimestamp64Micro(ended_at) AS at,
    service,
    touchpoint,
    channel,
    customer_type,
    toInt64(round(scored.aggression * 10000)) AS aggression,
    toInt64(round(scored.empathy * 10000)) AS empathy,
    toInt64(round(scored.sentiment * 10000)) AS sentiment,
    coalesce(survey_rating, scored.spoken_rating) AS measured,
    if(measured IS NULL, scored.predicted_rating, NULL) AS predicted,
    scored.speakers = 'inferred' AS inferred,
    arraySort(arrayFilter(answer -> at - answer.1 < 31536000000000, answers)) AS in_order,
    survey_rating IS NULL AND notEmpty(in_order) AS answered,
    if(answered, in_order[1].3, NULL) AS late_rating,
    if(answered, greatest(in_order[1].1, at), at) AS late_known
FROM (
    SELECT *
    FROM journaled_calls
    LEFT JOIN (
        SELECT
            client_id,
            agency_id,
            event_id,
            aggression,
            empathy,
            sentiment,
            spoken_rating,
            predicted_rating
        FROM calls FINAL
    ) AS scored USING (client_id, agency_id, event_id)
) AS scored
LEFT JOIN answers
    ON scored.client_id = answers.client_id
    AND scored.customer = answers.customer
    AND scored.event_id = answers.call_id
