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
