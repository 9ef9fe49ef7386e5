INSERT INTO alerts
WITH
    number + {begin:UInt64} AS day,
    toStartOfHour(toDateTime({last:DateTime64(6, 'UTC')}, 'UTC')) - toIntervalDay({days:UInt64} - 1 - day) AS at
SELECT
    lower(hex(sipHash128(day, client))) AS alert_id,
    client AS client_id,
    concat('agency-', toString(cityHash64(day) % 6)) AS agency_id,
    ['aggression_rise', 'nps_fall', 'silence'][day % 3 + 1] AS kind,
    if(day + 10 > {days:UInt64}, 'open', 'resolved') AS status,
    at - INTERVAL 1 DAY AS since,
    at AS opened_at,
    if(status = 'open', NULL, at + INTERVAL 9 DAY) AS resolved_at,
    0.3 AS baseline, 0.5 AS level, 20 AS rise_points, 1.2 AS rise_sd, 200 AS n,
    [(alert_id, toUInt32(0), 'Se non paga entro domani le stacchiamo la fornitura.', 0.9)] AS quotes,
    1 AS version
FROM numbers({rows:UInt64})
ARRAY JOIN ['acqua', 'luce', 'lift'] AS client
