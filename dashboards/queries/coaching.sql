WITH
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    side,
    kind,
    sentence,
    words,
    weight,
    score,
    time,
    conversation
FROM (
    SELECT *
    FROM (
        SELECT
            agency_id,
            if(startsWith(quote.kind, 'empathy'), 'best', 'worst') AS side,
            quote.kind AS kind,
            replaceAll(JSONExtractString(turns, quote.turn + 1, 'text'), '\n', ' ') AS said,
            replaceAll(quote.text, '\n', ' ') AS words,
            if(
                position(said, words) > 0,
                replaceOne(said, words, concat('«', words, '»')),
                concat('«', words, '»')
            ) AS sentence,
            quote.weight AS weight,
            assumeNotNull(if(side = 'best', empathy, aggression)) AS score,
            ended_at AS time,
            event_id AS conversation
        FROM (
            SELECT agency_id, ended_at, event_id, turns, aggression, empathy, quotes
            FROM calls FINAL
            WHERE client_id = ${client:singlequote}
                AND (ended_at, agency_id, event_id) IN (
                    SELECT ended_at, agency_id, event_id
                    FROM (
                        SELECT ended_at, agency_id, event_id, aggression AS placed, 'worst' AS side
                        FROM calls FINAL
                        WHERE client_id = ${client:singlequote}
                            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
                            {{> in_segment}}
                            AND ended_at >= toDateTime64(window_start, 6, 'UTC')
                            AND ended_at < toDateTime64(window_end, 6, 'UTC')
                            AND arrayExists(quote -> startsWith(quote.kind, 'aggression') AND quote.weight > 0, quotes)
                        UNION ALL
                        SELECT ended_at, agency_id, event_id, empathy AS placed, 'best' AS side
                        FROM calls FINAL
                        WHERE client_id = ${client:singlequote}
                            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
                            {{> in_segment}}
                            AND ended_at >= toDateTime64(window_start, 6, 'UTC')
                            AND ended_at < toDateTime64(window_end, 6, 'UTC')
                            AND arrayExists(quote -> startsWith(quote.kind, 'empathy') AND quote.weight > 0, quotes)
                    )
                    WHERE placed IS NOT NULL
                    ORDER BY placed DESC, event_id
                    LIMIT 100 BY agency_id, side
                )
        )
        ARRAY JOIN quotes AS quote
        WHERE (startsWith(quote.kind, 'aggression') OR startsWith(quote.kind, 'empathy'))
            AND quote.weight > 0
            AND score >= 0.5
            AND length(splitByWhitespace(said)) >= 4
        ORDER BY score DESC, weight DESC, conversation
        LIMIT 1 BY agency_id, side, conversation
    )
    ORDER BY score DESC, weight DESC, conversation
    LIMIT 1 BY agency_id, side, said
)
ORDER BY agency, side, score DESC, weight DESC, conversation
LIMIT 8 BY agency, side
