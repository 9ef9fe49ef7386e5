-- The surveys answered later, as table `call_surveys` should hold them.
SELECT
    client_id,
    event_id,
    agency_id,
    assumeNotNull(late_rating) AS rating,
    fromUnixTimestamp64Micro(late_known, 'UTC') AS known_at
FROM conversations
WHERE answered
