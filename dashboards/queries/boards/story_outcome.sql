SELECT
    agency,
    multiIf(
        lost_to_supplier, 'closed_by_supplier',
        lost, 'lost',
        matured, 'stayed',
        'open'
    ) AS customer_after,
    multiIf(paid, 'paid', matured, 'unpaid', 'open') AS payment_after,
    if(paid, toFloat64(amount), NULL) AS amount,
    opened_at,
    matures_at,
    conversations
FROM (
    {{> query_conversation_outcome}}
)
