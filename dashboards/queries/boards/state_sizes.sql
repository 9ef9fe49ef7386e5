SELECT
    worker,
    state_table,
    toInt64(sum(state_keys[state_table])) AS keys,
    toInt64(sum(bytes_held)) AS bytes
FROM (
    {{> running_workers}}
)
ARRAY JOIN
    mapKeys(state_bytes) AS state_table,
    mapValues(state_bytes) AS bytes_held
WHERE NOT stopped
GROUP BY worker, state_table
ORDER BY bytes DESC, worker, state_table
