-- What adds to an hour, and from which hour it is known: conversations at their end, engagements
-- where they mature; what is known later takes the old out (sign -1) and puts the new in. Times in us.
SELECT
    client_id,
    agency_id,
    at AS moment,
    at AS known,
    1 AS sign,
    service,
    touchpoint,
    channel,
    customer_type,
    true AS is_call,
    false AS is_engagement,
    if(known_in_time, late_rating, measured) AS measured,
    if(known_in_time, NULL, predicted) AS predicted,
    aggression AS said_aggression,
    empathy AS said_empathy,
    sentiment AS said_sentiment,
    inferred,
    false AS lost,
    false AS gone,
    false AS has_paid,
    toInt128(0) AS recovered,
    false AS in_churn,
    false AS in_payment,
    toInt128(0) AS x,
    toInt128(0) AS e
FROM (
    SELECT
        *, answered AND intDiv(late_known, 3600000000) = intDiv(at, 3600000000) AS known_in_time
    FROM conversations
)
UNION ALL
SELECT
    client_id,
    agency_id,
    at,
    late_known,
    rated.1,
    service,
    touchpoint,
    channel,
    customer_type,
    false,
    false,
    rated.2,
    rated.3,
    NULL,
    NULL,
    NULL,
    false,
    false,
    false,
    false,
    toInt128(0),
    false,
    false,
    toInt128(0),
    toInt128(0)
FROM conversations
ARRAY JOIN [(-1, measured, predicted), (1, late_rating, NULL)] AS rated
WHERE answered AND intDiv(late_known, 3600000000) > intDiv(at, 3600000000)
UNION ALL
SELECT
    client_id,
    agency_id,
    matures,
    outcome.2,
    outcome.1,
    service,
    touchpoint,
    channel,
    customer_type,
    false,
    true,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    false,
    lost_to_supplier,
    cancelled AND NOT lost_to_supplier,
    outcome.3,
    outcome.4,
    aggression_n > 0 AND NOT lost_to_supplier,
    empathy_n > 0,
    mean_aggression,
    mean_empathy
FROM correlated
ARRAY JOIN arrayConcat(
    arrayMap(latest -> (1, latest.1, latest.2, latest.3), outcomes),
    arrayMap(
        (latest, previous) -> (-1, latest.1, previous.2, previous.3),
        arrayPopFront(outcomes),
        arrayPopBack(outcomes)
    )
) AS outcome
