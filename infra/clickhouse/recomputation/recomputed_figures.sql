-- The figures that follow from a window's sums, as table `agency_metrics` should hold them; p-values
-- are left out: ClickHouse has no distribution of Student's t.
WITH
    1.959964 AS z,
    (k, n) -> if(n = 0, NULL, k / n) AS share,
    (k, n) -> (k + z * z / 2) / (n + z * z) AS wilson_centre,
    (k, n) -> z / (n + z * z) * sqrt(k * (n - k) / greatest(n, 1) + z * z / 4) AS wilson_half,
    (k, n) -> if(n = 0, NULL, if(k = 0, 0, wilson_centre(k, n) - wilson_half(k, n))) AS wilson_low,
    (k, n) -> if(n = 0, NULL, if(k = n, 1, wilson_centre(k, n) + wilson_half(k, n))) AS wilson_high,
    (k, n) -> (k + 0.75) / (n + 3) AS adjusted,
    (p, d, n) -> z * sqrt((p + d - (p - d) * (p - d)) / (n + 3)) AS wald_half,
    (k, l, n) -> 100 * (adjusted(k, n) - adjusted(l, n)) AS nps_centre,
    (k, l, n) -> 100 * wald_half(adjusted(k, n), adjusted(l, n), n) AS nps_half,
    (n, x, xx) -> n * xx - x * x AS spread,
    (n, x, xx, y, xy) -> greatest(-1, least(1,
        toFloat64(n * xy - x * y)
        / sqrt(toFloat64(spread(n, x, xx) * spread(n, y, y)))
    )) AS pearson,
    (n, x, xx, y, xy) -> if(
        n < 10 OR spread(n, x, xx) = 0 OR spread(n, y, y) = 0, NULL, pearson(n, x, xx, y, xy)
    ) AS r_or_null,
    (r, n) -> tanh(atanh(r) - z / sqrt(toFloat64(greatest(n - 3, 1)))) AS fisher_low,
    (r, n) -> tanh(atanh(r) + z / sqrt(toFloat64(greatest(n - 3, 1)))) AS fisher_high
SELECT
    client_id,
    agency_id,
    segment,
    window,
    day,
    as_of,
    calls,
    promoters + passives + detractors AS nps_n,
    if(nps_n = 0, NULL, 100 * (promoters - detractors) / nps_n) AS nps,
    if(nps_n = 0, NULL, greatest(-100,
        nps_centre(promoters, detractors, nps_n) - nps_half(promoters, detractors, nps_n)
    )) AS nps_low,
    if(nps_n = 0, NULL, least(100,
        nps_centre(promoters, detractors, nps_n) + nps_half(promoters, detractors, nps_n)
    )) AS nps_high,
    predicted_promoters + predicted_passives + predicted_detractors AS nps_predicted_n,
    if(nps_predicted_n = 0, NULL,
        100 * (predicted_promoters - predicted_detractors) / nps_predicted_n
    ) AS nps_predicted,
    if(nps_predicted_n = 0, NULL, greatest(-100,
        nps_centre(predicted_promoters, predicted_detractors, nps_predicted_n)
        - nps_half(predicted_promoters, predicted_detractors, nps_predicted_n)
    )) AS nps_predicted_low,
    if(nps_predicted_n = 0, NULL, least(100,
        nps_centre(predicted_promoters, predicted_detractors, nps_predicted_n)
        + nps_half(predicted_promoters, predicted_detractors, nps_predicted_n)
    )) AS nps_predicted_high,
    share(aggression_sum, aggression_n * 10000) AS aggression,
    aggression_n,
    aggression_inferred AS aggression_n_inferred,
    share(empathy_sum, empathy_n * 10000) AS empathy,
    empathy_n,
    empathy_inferred AS empathy_n_inferred,
    share(sentiment_sum, sentiment_n * 10000) AS sentiment,
    sentiment_n,
    sentiment_inferred AS sentiment_n_inferred,
    matured - supplier_lost AS churn_rate_n,
    share(cancelled, churn_rate_n) AS churn_rate,
    wilson_low(cancelled, churn_rate_n) AS churn_rate_low,
    wilson_high(cancelled, churn_rate_n) AS churn_rate_high,
    matured AS recovery_rate_n,
    share(paid, matured) AS recovery_rate,
    wilson_low(paid, matured) AS recovery_rate_low,
    wilson_high(paid, matured) AS recovery_rate_high,
    toDecimal256(amount, 4) / 10000 AS amount_recovered,
    churn_n AS churn_correlation_n,
    r_or_null(churn_n, churn_x, churn_xx, churn_y, churn_xy) AS churn_correlation,
    fisher_low(churn_correlation, churn_n) AS churn_correlation_low,
    fisher_high(churn_correlation, churn_n) AS churn_correlation_high,
    payment_n AS payment_correlation_n,
    r_or_null(payment_n, payment_x, payment_xx, payment_y, payment_xy) AS payment_correlation,
    fisher_low(payment_correlation, payment_n) AS payment_correlation_low,
    fisher_high(payment_correlation, payment_n) AS payment_correlation_high
FROM window_sums
WHERE is_stored OR calls > 0 OR matured > 0
