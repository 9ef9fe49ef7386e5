SELECT *
FROM worker_status
WHERE at >= toDateTime64($__toTime, 6, 'UTC') - INTERVAL 2 MINUTE
    AND at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
ORDER BY at DESC
LIMIT 1 BY worker, instance
