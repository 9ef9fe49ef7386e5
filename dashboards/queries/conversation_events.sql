WITH
    (
        SELECT (customer, agency_id, ended_at)
        FROM calls FINAL
        WHERE client_id = ${client:singlequote}
            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
            {{> this_conversation}}
        LIMIT 1
    ) AS this,
    (
        SELECT max(opened_at)
        FROM engagements FINAL
        WHERE client_id = ${client:singlequote}
            AND agency_id = this.2
            AND customer = this.1
            AND opened_at <= this.3
    ) AS since
SELECT
    event_time AS time,
    kind,
    amount,
    if(kind = 'return' AND currency = '', currency_paid, currency) AS currency
FROM (
    SELECT
        event_time,
        kind,
        amount,
        currency,
        ifNull(
            anyLast(if(kind = 'payment', currency, NULL)) OVER (
                ORDER BY event_time, kind ROWS UNBOUNDED PRECEDING
            ),
            ''
        ) AS currency_paid
    FROM (
        SELECT
            event_time,
            kind,
            amount,
            currency
        FROM payments_and_cancellations
        WHERE client_id = ${client:singlequote}
            AND customer = this.1
            AND this.1 != ''
            AND event_time < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    )
)
WHERE event_time >= since
ORDER BY event_time
LIMIT 100
