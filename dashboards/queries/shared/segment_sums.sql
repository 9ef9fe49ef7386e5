SELECT
    moments.1 AS agency_id,
    moments.2 AS day,
    moments.3 AS as_of,
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
FROM (SELECT arrayJoin(shown_moments) AS moments) AS shown
LEFT JOIN (
    -- hours that the same moments count are added before they are joined
    WITH arraySort(arrayPushFront(arrayMap(moment -> toUInt32(moment.3), shown_moments), 0)) AS ends
    SELECT
        agency_id AS counted_agency,
        max(hour) AS counted_hour,
        max(greatest(hour, known)) AS counted_from,
        sum(calls) AS calls,
        sum(promoters) AS promoters,
        sum(passives) AS passives,
        sum(detractors) AS detractors,
        sum(predicted_promoters) AS predicted_promoters,
        sum(predicted_passives) AS predicted_passives,
        sum(predicted_detractors) AS predicted_detractors,
        sum(aggression_n) AS aggression_n,
        sum(aggression_sum) AS aggression_sum,
        sum(aggression_sq) AS aggression_sq,
        sum(empathy_n) AS empathy_n,
        sum(empathy_sum) AS empathy_sum,
        sum(sentiment_n) AS sentiment_n,
        sum(sentiment_sum) AS sentiment_sum,
        sum(matured) AS matured,
        sum(supplier_lost) AS supplier_lost,
        sum(cancelled) AS cancelled,
        sum(paid) AS paid,
        sum(amount) AS amount,
        sum(churn_n) AS churn_n,
        sum(churn_x) AS churn_x,
        sum(churn_xx) AS churn_xx,
        sum(churn_y) AS churn_y,
        sum(churn_xy) AS churn_xy,
        sum(payment_n) AS payment_n,
        sum(payment_x) AS payment_x,
        sum(payment_xx) AS payment_xx,
        sum(payment_y) AS payment_y,
        sum(payment_xy) AS payment_xy,
        sum(aggression_inferred) AS aggression_inferred,
        sum(empathy_inferred) AS empathy_inferred,
        sum(sentiment_inferred) AS sentiment_inferred
    FROM agency_hours FINAL
    PREWHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
        AND segment = ${segment:singlequote}
        AND hour > arrayMin(arrayMap(moment -> moment.3, shown_moments)) - window_hours
        AND hour <= arrayMax(arrayMap(moment -> moment.3, shown_moments))
    GROUP BY
        agency_id,
        roundDown(toUInt32(greatest(hour, known)) - 1, ends),
        roundDown(toUInt32(hour + window_hours) - 1, ends)
) AS hours ON counted_agency = moments.1
    AND counted_hour > moments.3 - window_hours
    AND counted_from <= moments.3
GROUP BY agency_id, day, as_of
