SELECT
    agency,
    kind,
    since,
    if(closed <= $__toTime, closed, NULL) AS resolved_at,
    baseline,
    level,
    n,
    owner,
    notes,
    quotes
FROM (
    SELECT * EXCEPT (resolved_at), resolved_at AS closed
    FROM (
        {{> query_alert_history}}
    )
) AS followed
LEFT JOIN (
    SELECT
        alert_id,
        arrayStringConcat(
            arrayMap(quote -> replaceAll(quote.text, '\n', ' '), arraySlice(quotes, 1, 2)), '\n'
        ) AS quotes
    FROM alerts FINAL
    WHERE client_id = ${client:singlequote}
        AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
) AS quoted USING (alert_id)
WHERE closed IS NULL OR closed >= $__fromTime
ORDER BY since DESC, agency, kind
