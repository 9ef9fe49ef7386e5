SELECT
    moments.agency_id AS agency_id,
    moments.day AS day,
    moments.as_of AS as_of,
    sum(toInt64(hours.calls)) AS calls,
    sum(toInt64(hours.promoters)) AS promoters,
    sum(toInt64(hours.passives)) AS passives,
    sum(toInt64(hours.detractors)) AS detractors,
    sum(toInt64(hours.predicted_promoters)) AS predicted_promoters,
    sum(toInt64(hours.predicted_passives)) AS predicted_passives,
    sum(toInt64(hours.predicted_detractors)) AS predicted_detractors,
    sum(toInt64(hours.aggression_n)) AS aggression_n,
    sum(toInt64(hours.aggression_sum)) AS aggression_sum,
    sum(toInt64(hours.aggression_sq)) AS aggression_sq,
    sum(toInt64(hours.empathy_n)) AS empathy_n,
    sum(toInt64(hours.empathy_sum)) AS empathy_sum,
    sum(toInt64(hours.sentiment_n)) AS sentiment_n,
    sum(toInt64(hours.sentiment_sum)) AS sentiment_sum,
    sum(toInt64(hours.matured)) AS matured,
    sum(toInt64(hours.supplier_lost)) AS supplier_lost,
    sum(toInt64(hours.cancelled)) AS cancelled,
    sum(toInt64(hours.paid)) AS paid,
    sum(toInt256(hours.amount)) AS amount,
    sum(toInt256(hours.churn_n)) AS churn_n,
    sum(toInt256(hours.churn_x)) AS churn_x,
    sum(toInt256(hours.churn_xx)) AS churn_xx,
    sum(toInt256(hours.churn_y)) AS churn_y,
    sum(toInt256(hours.churn_xy)) AS churn_xy,
    sum(toInt256(hours.payment_n)) AS payment_n,
    sum(toInt256(hours.payment_x)) AS payment_x,
    sum(toInt256(hours.payment_xx)) AS payment_xx,
    sum(toInt256(hours.payment_y)) AS payment_y,
    sum(toInt256(hours.payment_xy)) AS payment_xy,
    sum(toInt64(hours.aggression_inferred)) AS aggression_inferred,
    sum(toInt64(hours.empathy_inferred)) AS empathy_inferred,
    sum(toInt64(hours.sentiment_inferred)) AS sentiment_inferred
FROM moments
LEFT JOIN (
    SELECT *
    FROM agency_hours FINAL
    WHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        AND segment = ${segment:singlequote}
        AND hour > (SELECT min(as_of) FROM moments) - window_hours
        AND hour <= (SELECT max(as_of) FROM moments)
) AS hours ON hours.agency_id = moments.agency_id
    AND hours.hour > moments.as_of - window_hours
    AND hours.hour <= moments.as_of
    AND hours.known <= moments.as_of
GROUP BY agency_id, day, as_of
