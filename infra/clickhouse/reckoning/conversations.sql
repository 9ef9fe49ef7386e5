-- Conversations with what counts: times in microseconds, scores in 1/10^4, one rating or none.
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
    if(measured IS NULL, scored.predicted_rating, NULL) AS predicted
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
