SELECT
    agency_id,
    day,
    as_of,
    toUInt64(calls) AS calls,
    nps,
    nps_low,
    nps_high,
    toUInt64(nps_n) AS nps_n,
    nps_predicted,
    nps_predicted_low,
    nps_predicted_high,
    toUInt64(nps_predicted_n) AS nps_predicted_n,
    aggression,
    toUInt64(aggression_n) AS aggression_n,
    toUInt64(aggression_n_inferred) AS aggression_n_inferred,
    empathy,
    toUInt64(empathy_n) AS empathy_n,
    toUInt64(empathy_n_inferred) AS empathy_n_inferred,
    sentiment,
    toUInt64(sentiment_n) AS sentiment_n,
    toUInt64(sentiment_n_inferred) AS sentiment_n_inferred,
    churn_rate,
    churn_rate_low,
    churn_rate_high,
    toUInt64(churn_rate_n) AS churn_rate_n,
    recovery_rate,
    recovery_rate_low,
    recovery_rate_high,
    toUInt64(recovery_rate_n) AS recovery_rate_n,
    toDecimal128(amount_recovered, 4) AS amount_recovered,
    churn_correlation,
    churn_correlation_low,
    churn_correlation_high,
    toUInt64(churn_correlation_n) AS churn_correlation_n,
    payment_correlation,
    payment_correlation_low,
    payment_correlation_high,
    toUInt64(payment_correlation_n) AS payment_correlation_n
FROM (
    WITH
        {{> figure_functions}}
    SELECT
        agency_id,
        day,
        as_of,
        {{> figure_columns}}
    FROM (
        {{> segment_sums}}
    )
)
