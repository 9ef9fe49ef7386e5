SELECT
    worker,
    instance,
    release,
    multiIf(stopped, 'stopped', age > 120, 'silent', 'running') AS worker_state,
    started_at AS started,
    at AS reported,
    age,
    progressed_at AS progressed,
    toInt64(arraySum(mapValues(reports.lag))) AS lag
FROM (
    SELECT
        *,
        dateDiff('second', at, $__toTime) AS age,
        max(at) OVER (PARTITION BY worker) AS latest
    FROM worker_status
    WHERE (at, worker, instance) IN (
        SELECT max(at), worker, instance
        FROM worker_status
        WHERE at >= toDateTime64($__toTime, 6, 'UTC') - INTERVAL 7 DAY
            AND at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
        GROUP BY worker, instance
    )
    ORDER BY version DESC
    LIMIT 1 BY worker, instance
) AS reports
WHERE age < 3600 OR at = latest
ORDER BY worker, started, instance
