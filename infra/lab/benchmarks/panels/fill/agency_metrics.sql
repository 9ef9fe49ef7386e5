INSERT INTO agency_metrics
WITH
    number + {begin:UInt64} AS day_number,
    toStartOfHour(toDateTime({last:DateTime64(6, 'UTC')}, 'UTC')) AS newest,
    toFloat64(cityHash64(day_number, agency) % 1000) / 1000 AS drawn,
    toUInt64(intDiv({calls:UInt64}, {days:UInt64} * 18) * 30 + 1) AS n
SELECT
    client AS client_id,
    concat('agency-', toString(agency)) AS agency_id,
    segment,
    `window`,
    toDate(newest) - toIntervalDay({days:UInt64} - 1 - day_number) AS day,
    least(newest, toDateTime(day, 'UTC') + INTERVAL 23 HOUR) AS as_of,
    n AS calls,
    drawn * 100 - 50 AS nps, nps - 3 AS nps_low, nps + 3 AS nps_high, n AS nps_n,
    nps - 5 AS nps_predicted, nps - 8 AS nps_predicted_low, nps - 2 AS nps_predicted_high, n AS nps_predicted_n,
    drawn AS aggression, n AS aggression_n, 0 AS aggression_n_inferred,
    1 - drawn AS empathy, n AS empathy_n, 0 AS empathy_n_inferred,
    1 - 2 * drawn AS sentiment, n AS sentiment_n, 0 AS sentiment_n_inferred,
    drawn / 5 AS churn_rate, churn_rate - 0.01 AS churn_rate_low, churn_rate + 0.01 AS churn_rate_high, n AS churn_rate_n,
    drawn / 2 AS recovery_rate, recovery_rate - 0.01 AS recovery_rate_low, recovery_rate + 0.01 AS recovery_rate_high, n AS recovery_rate_n,
    toDecimal128(n * 20, 4) AS amount_recovered,
    drawn - 0.5 AS churn_correlation, churn_correlation - 0.1 AS churn_correlation_low, churn_correlation + 0.1 AS churn_correlation_high, n AS churn_correlation_n, 0.01 AS churn_correlation_p,
    0.5 - drawn AS payment_correlation, payment_correlation - 0.1 AS payment_correlation_low, payment_correlation + 0.1 AS payment_correlation_high, n AS payment_correlation_n, 0.01 AS payment_correlation_p,
    1 AS version
FROM numbers({rows:UInt64})
ARRAY JOIN ['acqua', 'luce', 'lift'] AS client
ARRAY JOIN range(6) AS agency
ARRAY JOIN [
    'all', 'service=credit_management', 'service=debt_collection', 'service=customer_care',
    'touchpoint=reminder', 'touchpoint=lost_invoice', 'touchpoint=payment_plan',
    'touchpoint=dispute', 'touchpoint=legal_notice', 'touchpoint=survey', 'channel=phone',
    'channel=email', 'channel=whatsapp', 'channel=web_chat', 'customer_type=household',
    'customer_type=small_business', 'customer_type=large_company', 'customer_type=public_body'
] AS segment
ARRAY JOIN ['24h', '7d', '30d', '90d'] AS `window`
