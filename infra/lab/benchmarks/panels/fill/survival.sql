INSERT INTO survival
WITH number + {begin:UInt64} AS day
SELECT
    client AS client_id,
    `window`,
    toStartOfHour(toDateTime({last:DateTime64(6, 'UTC')}, 'UTC')) - toIntervalDay({days:UInt64} - 1 - day) AS as_of,
    'agency' AS group_kind,
    concat('agency-', toString(agency)) AS group_name,
    30 AS horizon_days, 1000 AS n, 150 AS events,
    arrayMap(each -> toUInt16(each), range(31)) AS days,
    arrayMap(each -> 1 - each * 0.005, range(31)) AS staying,
    arrayMap(each -> toNullable(0.99 - each * 0.005), range(31)) AS low,
    arrayMap(each -> toNullable(1.01 - each * 0.005), range(31)) AS high,
    arrayMap(each -> toUInt64(1000 - each), range(31)) AS at_risk,
    3.1 AS logrank_statistic, 0.04 AS logrank_p, 1000 AS logrank_n,
    1 AS version
FROM numbers({rows:UInt64})
ARRAY JOIN ['acqua', 'luce', 'lift'] AS client
ARRAY JOIN range(6) AS agency
ARRAY JOIN ['24h', '7d', '30d', '90d'] AS `window`
