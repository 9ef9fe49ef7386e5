SELECT
    {{agency:agency_id}} AS agency,
    kind,
    since,
    quote.event_id AS conversation,
    quote.turn + 1 AS number,
    replaceAll(quote.text, '\n', ' ') AS sentence,
    quote.aggression AS aggression
FROM alerts FINAL
ARRAY JOIN quotes AS quote
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND status != 'retracted'
    AND opened_at <= $__toTime
    AND (resolved_at IS NULL OR resolved_at > $__toTime)
ORDER BY agency, kind, since, aggression DESC
