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
