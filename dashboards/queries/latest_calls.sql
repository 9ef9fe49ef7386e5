WITH
    arrayMap(
        quote -> (
            quote.kind,
            replaceAll(
                if(
                    position(JSONExtractString(turns, quote.turn + 1, 'text'), quote.text) > 0,
                    replaceOne(
                        JSONExtractString(turns, quote.turn + 1, 'text'),
                        quote.text,
                        concat('«', quote.text, '»')
                    ),
                    concat('«', quote.text, '»')
                ),
                '\n',
                ' '
            )
        ),
        quotes
    ) AS sentences
SELECT
    ended_at AS time,
    {{agency:agency_id}} AS agency,
    aggression,
    empathy,
    sentiment,
    coalesce(survey_rating, later_rating, spoken_rating, predicted_rating) AS rating,
    multiIf(
        survey_rating IS NOT NULL OR later_rating IS NOT NULL, 'survey',
        spoken_rating IS NOT NULL, 'spoken',
        predicted_rating IS NOT NULL, 'predicted',
        NULL
    ) AS rating_source,
    arrayStringConcat(
        arraySlice(arrayDistinct(arrayMap(s -> s.2, arrayFilter(s -> startsWith(s.1, 'aggression'), sentences))), 1, 2), '\n'
    ) AS harsh_words,
    arrayStringConcat(
        arraySlice(arrayDistinct(arrayMap(s -> s.2, arrayFilter(s -> startsWith(s.1, 'empathy'), sentences))), 1, 2), '\n'
    ) AS kind_words,
    arrayStringConcat(
        arraySlice(arrayDistinct(arrayMap(
            s -> s.2,
            arrayFilter(s -> NOT startsWith(s.1, 'aggression') AND NOT startsWith(s.1, 'empathy'), sentences)
        )), 1, 2), '\n'
    ) AS customer_words,
    arrayStringConcat(arrayDistinct(drivers), ', ') AS drivers,
    arrayStringConcat(arrayDistinct(conduct), ', ') AS conduct,
    churn_intent,
    promise_to_pay,
    why
FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at < $__toTime + INTERVAL 1 SECOND
ORDER BY ended_at DESC, event_id
LIMIT 20
