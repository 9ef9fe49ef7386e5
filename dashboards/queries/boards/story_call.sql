SELECT
    time,
    agency,
    channel,
    touchpoint,
    seconds,
    aggression,
    empathy,
    sentiment,
    rating,
    rating_source,
    arrayStringConcat(drivers, ', ') AS drivers,
    arrayStringConcat(conduct, ', ') AS conduct,
    why
FROM (
    {{> query_conversation}}
)
