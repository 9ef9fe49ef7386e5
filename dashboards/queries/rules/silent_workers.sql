SELECT
    toString(worker) AS worker,
    toFloat64(dateDiff('second', max(at), now())) AS value
FROM worker_status
WHERE at >= now() - INTERVAL 7 DAY AND NOT stopped
GROUP BY worker
ORDER BY worker
