SELECT
    time,
    kind,
    amount,
    currency
FROM (
    {{< conversation_events}}
)
ORDER BY time
