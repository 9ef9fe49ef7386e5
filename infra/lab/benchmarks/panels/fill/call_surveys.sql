INSERT INTO call_surveys
WITH
    number * {every:UInt64} + {begin:UInt64} AS call,
    cityHash64(call) AS chance,
    ['acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'luce', 'luce', 'luce', 'lift'] AS clients,
    {last:DateTime64(6, 'UTC')}
        - toIntervalMicrosecond(({calls:UInt64} - 1 - call) * intDiv(86400000000 * {days:UInt64}, {calls:UInt64})) AS at
SELECT
    clients[chance % 10 + 1] AS client_id,
    lower(hex(sipHash128(call))) AS event_id,
    concat('agency-', toString(intDiv(chance, 10) % 21 % 6)) AS agency_id,
    toUInt8(intDiv(chance, 23) % 11) AS rating,
    at + INTERVAL 2 HOUR AS known_at,
    toUnixTimestamp64Micro(at) + {every:UInt64} AS version
FROM numbers({rows:UInt64})
WHERE intDiv(chance, 29) % 12 = 0
