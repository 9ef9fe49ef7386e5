SELECT
    number,
    turn.aggression AS aggression,
    turn.empathy AS empathy,
    turn.sentiment AS sentiment,
    arrayMap(
        each -> (each.driver, each.text), arrayFilter(each -> each.turn + 1 = number, driver_quotes)
    ) AS drivers
FROM calls FINAL
ARRAY JOIN turn_scores AS turn, arrayEnumerate(turn_scores) AS number
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> this_conversation}}
ORDER BY number
