SELECT
    time,
    kind,
    amount,
    currency
FROM (
    {{> query_conversation_events}}
)
ORDER BY time
