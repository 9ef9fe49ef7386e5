SELECT
    number,
    speaker,
    arrayFold(
        (sentence, quote) -> if(
            position(sentence, concat('«', quote.2)) = 0 AND quote.2 != '',
            replaceOne(sentence, quote.2, concat('«', quote.2, '»')),
            sentence
        ),
        quotes,
        text
    ) AS said,
    arrayStringConcat(arrayDistinct(arrayMap(quote -> splitByChar('.', quote.1)[1], quotes)), ', ') AS shows,
    from_second
FROM (
    {{> query_conversation_turns}}
)
ORDER BY number
