SELECT
    {{agency:agency_id}} AS agency,
    kind,
    since,
    opened_at,
    level,
    baseline,
    n,
    arrayStringConcat(
        arrayMap(quote -> replaceAll(quote.text, '\n', ' '), arraySlice(quotes, 1, 3)), '\n'
    ) AS quotes
FROM alerts FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND status != 'retracted'
    AND opened_at <= $__toTime
    AND (resolved_at IS NULL OR resolved_at > $__toTime)
ORDER BY abs(rise_points) DESC, agency, kind
