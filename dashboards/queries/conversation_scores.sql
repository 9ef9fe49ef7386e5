WITH
    JSONExtract(score, 'turns', 'Array(Tuple(aggression Nullable(Float64), empathy Nullable(Float64), sentiment Nullable(Float64)))') AS turn_scores,
    JSONExtract(score, 'drivers', 'Array(Tuple(driver String, turn UInt32, quote String))') AS found
SELECT
    number,
    turn.aggression AS aggression,
    turn.empathy AS empathy,
    turn.sentiment AS sentiment,
    arrayMap(each -> (each.driver, each.quote), arrayFilter(each -> each.turn + 1 = number, found)) AS drivers
FROM call_scores FINAL
ARRAY JOIN turn_scores AS turn, arrayEnumerate(turn_scores) AS number
WHERE client_id = ${client:singlequote}
    AND event_id = ${conversation:singlequote}
    AND event_id IN (
        SELECT event_id
        FROM calls
        WHERE client_id = ${client:singlequote}
            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
            AND event_id = ${conversation:singlequote}
    )
ORDER BY number
