WITH
    (
        SELECT if(count() = 20, min(ended_at), toDateTime64(0, 6, 'UTC'))
        FROM (
            SELECT ended_at
            {{> shown_calls}}
                AND ended_at >= toDateTime64($__toTime, 6, 'UTC') - INTERVAL 31 DAY
            ORDER BY ended_at DESC
            LIMIT 1 BY event_id
            LIMIT 20
        )
    ) AS since,
    newest AS (
        SELECT ended_at, agency_id, event_id
        {{> shown_calls}}
            AND ended_at >= since
        ORDER BY ended_at DESC, event_id
        LIMIT 1 BY event_id
        LIMIT 20
    ),
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
            arrayFilter(
                s -> NOT startsWith(s.1, 'aggression') AND NOT startsWith(s.1, 'empathy') AND NOT startsWith(s.1, 'conduct'),
                sentences
            )
        )), 1, 2), '\n'
    ) AS customer_words,
    arrayStringConcat(
        arrayDistinct(arrayMap(s -> s.2, arrayFilter(s -> startsWith(s.1, 'conduct'), sentences))), '\n'
    ) AS conduct_words,
    arrayStringConcat(arrayDistinct(drivers), ', ') AS drivers,
    arrayStringConcat(
        arrayConcat(
            arrayFilter(
                rule -> rule = 'hours' OR arrayExists(quote -> quote.kind = concat('conduct.', rule), quotes),
                arrayDistinct(conduct)
            ),
            if(event_id IN (
                SELECT event_id
                FROM contact_excesses FINAL
                WHERE client_id = ${client:singlequote} AND ended_at >= since
            ), ['frequency'], [])
        ), ', '
    ) AS conduct,
    churn_intent,
    promise_to_pay,
    why
FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND event_id IN (SELECT event_id FROM newest)
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND (ended_at, agency_id, event_id) IN (newest)
ORDER BY ended_at DESC, event_id
