WITH
    (
        SELECT (customer, agency_id, ended_at)
        FROM calls FINAL
        WHERE client_id = ${client:singlequote}
            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
            {{> this_conversation}}
        LIMIT 1
    ) AS this
SELECT
    {{agency:agency_id}} AS agency,
    opened_at,
    matures_at,
    matures_at <= $__toTime AS matured,
    calls AS conversations,
    aggression,
    empathy,
    cancelled AND NOT lost_to_supplier AS lost,
    lost_to_supplier,
    paid,
    amount
FROM engagements FINAL
WHERE client_id = ${client:singlequote}
    AND agency_id = this.2
    AND customer = this.1
    AND opened_at <= this.3
    AND opened_at >= this.3 - INTERVAL 366 DAY
ORDER BY opened_at DESC
LIMIT 1
