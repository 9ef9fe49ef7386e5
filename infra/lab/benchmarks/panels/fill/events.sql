INSERT INTO events
WITH
    number * {every:UInt64} + {begin:UInt64} AS call,
    cityHash64(call) AS chance,
    ['acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'luce', 'luce', 'luce', 'lift'] AS clients,
    {last:DateTime64(6, 'UTC')}
        - toIntervalMicrosecond(({calls:UInt64} - 1 - call) * intDiv(86400000000 * {days:UInt64}, {calls:UInt64})) AS at
SELECT
    'call-transcribed' AS topic,
    lower(hex(sipHash128(call))) AS event_id,
    clients[chance % 10 + 1] AS client_id,
    concat('p:', lower(hex(sipHash128(intDiv(chance, 1000) % intDiv({calls:UInt64} + 3, 3))))) AS customer,
    at AS event_time,
    chance % 8 AS partition,
    '{}' AS payload,
    9223372036854775808 - toUnixTimestamp64Micro(at) AS version
FROM numbers({rows:UInt64})
