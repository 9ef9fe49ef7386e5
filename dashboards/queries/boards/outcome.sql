WITH
    present AS (
        SELECT
            agency_id,
            recovery_rate, recovery_rate_low, recovery_rate_high, recovery_rate_n,
            amount_recovered,
            churn_rate, churn_rate_low, churn_rate_high, churn_rate_n
        {{> latest_snapshots}}
    ),
    before AS (
        SELECT
            agency_id,
            churn_rate AS churn_before, churn_rate_low AS churn_before_low, churn_rate_high AS churn_before_high,
            churn_rate_n AS n_before
        {{> snapshots_before}}
    )
SELECT
    {{agency:agency_id}} AS agency,
    recovery_rate,
    concat(toString(toInt64(round(100 * recovery_rate_low))), ' … ', toString(toInt64(round(100 * recovery_rate_high))), ' %') AS recovery_range,
    recovery_rate_n,
    if(recovery_rate_n = 0, NULL, toFloat64(amount_recovered)) AS amount,
    churn_rate,
    concat(toString(toInt64(round(100 * churn_rate_low))), ' … ', toString(toInt64(round(100 * churn_rate_high))), ' %') AS churn_range,
    churn_rate_n,
    multiIf(
        churn_rate IS NULL OR churn_before IS NULL OR least(churn_rate_n, n_before) < 30, NULL,
        churn_rate_low > churn_before_high, concat('▲ ', toString(toInt64(round(100 * (churn_rate - churn_before))))),
        churn_rate_high < churn_before_low, concat('▼ ', toString(toInt64(round(100 * (churn_before - churn_rate))))),
        '≈'
    ) AS churn_change
FROM present
LEFT JOIN before USING (agency_id)
ORDER BY agency
