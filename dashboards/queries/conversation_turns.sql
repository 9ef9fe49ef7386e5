WITH
    JSONExtract(turns, 'Array(Tuple(speaker String, text String, start Nullable(Float64), end Nullable(Float64)))') AS said
SELECT
    number,
    {{agency:agency_id}} AS agency,
    turn.speaker AS speaker,
    turn.text AS text,
    turn.start AS from_second,
    turn.end AS to_second,
    arrayMap(
        quote -> (quote.kind, quote.text, quote.weight),
        arrayFilter(quote -> quote.turn + 1 = number, quotes)
    ) AS quotes
FROM calls FINAL
ARRAY JOIN said AS turn, arrayEnumerate(said) AS number
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> this_conversation}}
ORDER BY number
