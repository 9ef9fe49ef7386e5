-- What the journal has of each transcribed call, whether somebody answered or not.
SELECT
    client_id,
    event_id,
    tupleElement(said, 'agency_id') AS agency_id,
    tupleElement(said, 'customer') AS customer,
    parseDateTime64BestEffort(tupleElement(said, 'started_at'), 6, 'UTC') AS started_at,
    parseDateTime64BestEffort(tupleElement(said, 'ended_at'), 6, 'UTC') AS ended_at,
    tupleElement(said, 'service') AS service,
    tupleElement(said, 'touchpoint') AS touchpoint,
    tupleElement(said, 'channel') AS channel,
    tupleElement(said, 'customer_type') AS customer_type,
    JSONExtract(payload, 'survey', 'rating', 'Nullable(UInt8)') AS survey_rating,
    JSONExtractString(payload, 'attempt') AS reason,
    JSONExtractString(payload, 'speakers') AS speakers
FROM (
    SELECT
        client_id,
        event_id,
        payload,
        JSONExtract(
            payload,
            'call',
            'Tuple(agency_id String, customer String, started_at String, ended_at String, '
            || 'service String, touchpoint String, channel String, customer_type String)'
        ) AS said
    FROM events FINAL
    WHERE topic = 'call-transcribed' AND event_time <= {latest:DateTime64(6, 'UTC')}
)
