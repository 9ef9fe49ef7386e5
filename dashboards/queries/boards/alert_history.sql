SELECT
    {{agency:agency_id}} AS agency,
    kind,
    since,
    opened_at,
    if(resolved_at <= $__toTime, resolved_at, NULL) AS resolved_at,
    rise_points,
    n,
    arrayStringConcat(
        arrayMap(quote -> replaceAll(quote.text, '\n', ' '), arraySlice(quotes, 1, 2)), '\n'
    ) AS quotes
FROM alerts FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND status != 'retracted'
    AND opened_at <= $__toTime
    AND (alerts.resolved_at IS NULL OR alerts.resolved_at >= $__fromTime)
ORDER BY since DESC, agency, kind
