-- Engagements as table `engagements` should hold them.
SELECT
    client_id,
    agency_id,
    customer,
    fromUnixTimestamp64Micro(t0, 'UTC') AS opened_at,
    toDateTime(intDiv(matures, 1000000), 'UTC') AS matures_at,
    service,
    touchpoint,
    channel,
    customer_type,
    calls,
    aggression_n AS scored,
    if(aggression_n = 0, NULL, aggression_sum / (10000 * aggression_n)) AS aggression,
    if(empathy_n = 0, NULL, empathy_sum / (10000 * empathy_n)) AS empathy,
    cancelled,
    lost_to_supplier,
    paid,
    toDecimal128(amount, 4) / 10000 AS amount
FROM engagement_facts
