SELECT
    {{agency:agency_id}} AS agency,
    recovery_rate,
    churn_rate,
    recovery_rate_low,
    recovery_rate_high,
    recovery_rate_n,
    churn_rate_low,
    churn_rate_high,
    churn_rate_n
{{> latest_snapshots}}
