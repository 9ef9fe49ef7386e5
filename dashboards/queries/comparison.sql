SELECT
    {{agency:agency_id}} AS agency,
    calls,
    nps, nps_low, nps_high, nps_n,
    nps_predicted, nps_predicted_n,
    aggression, aggression_n, aggression_n_inferred,
    empathy, empathy_n, empathy_n_inferred,
    sentiment, sentiment_n, sentiment_n_inferred,
    churn_rate, churn_rate_low, churn_rate_high, churn_rate_n,
    recovery_rate, recovery_rate_low, recovery_rate_high, recovery_rate_n,
    if(recovery_rate_n = 0, NULL, snapshots.amount_recovered) AS amount_recovered,
    churn_correlation, churn_correlation_low, churn_correlation_high,
    churn_correlation_n,
    payment_correlation, payment_correlation_low, payment_correlation_high,
    payment_correlation_n,
    as_of
{{> latest_snapshots}}
