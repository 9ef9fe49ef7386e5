-- The conversations as the journal tells them, one row each, as table `calls` should hold them.
SELECT
    client_id,
    tupleElement(said, 'agency_id') AS agency_id,
    event_id,
    tupleElement(said, 'customer') AS customer,
    parseDateTime64BestEffort(tupleElement(said, 'ended_at'), 6, 'UTC') AS ended_at,
    tupleElement(said, 'service') AS service,
    tupleElement(said, 'touchpoint') AS touchpoint,
    tupleElement(said, 'channel') AS channel,
    tupleElement(said, 'customer_type') AS customer_type,
    survey_rating
FROM (
    SELECT
        client_id,
        event_id,
        JSONExtract(
            payload,
            'call',
            'Tuple(agency_id String, customer String, ended_at String, service String, '
            || 'touchpoint String, channel String, customer_type String)'
        ) AS said,
        JSONExtract(payload, 'survey', 'rating', 'Nullable(UInt8)') AS survey_rating
    FROM events FINAL
    WHERE topic = 'call-transcribed' AND event_time <= {latest:DateTime64(6, 'UTC')}
        AND JSONExtractString(payload, 'attempt') = ''
)
