SELECT
    {{agency:agency_id}} AS agency,
    churn_correlation,
    if(churn_correlation IS NULL, NULL, concat(replaceOne(toDecimalString(round(churn_correlation_low, 2) + 0, 2), '.', {{word:ui.decimal_point}}), ' … ', replaceOne(toDecimalString(round(churn_correlation_high, 2) + 0, 2), '.', {{word:ui.decimal_point}}))) AS churn_correlation_range,
    churn_correlation_n,
    payment_correlation,
    if(payment_correlation IS NULL, NULL, concat(replaceOne(toDecimalString(round(payment_correlation_low, 2) + 0, 2), '.', {{word:ui.decimal_point}}), ' … ', replaceOne(toDecimalString(round(payment_correlation_high, 2) + 0, 2), '.', {{word:ui.decimal_point}}))) AS payment_correlation_range,
    payment_correlation_n
{{> latest_snapshots}}
