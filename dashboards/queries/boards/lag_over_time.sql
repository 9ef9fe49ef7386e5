WITH
    greatest(60, intDiv(toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime), 120)) AS step
SELECT
    toDateTime(intDiv(toUnixTimestamp(minute), step) * step, 'UTC') AS time,
    maxOrNullIf(waiting, worker = 'transcriber') AS lag_transcriber,
    maxOrNullIf(waiting, worker = 'scorer') AS lag_scorer,
    maxOrNullIf(waiting, worker = 'analytics') AS lag_analytics
FROM (
    SELECT minute, worker, sumOrNullIf(of_instance, NOT has_stopped) AS waiting
    FROM (
        SELECT
            toStartOfMinute(at) AS minute,
            worker,
            instance,
            argMax(toInt64(arraySum(mapValues(lag))), at) AS of_instance,
            argMax(stopped, at) AS has_stopped
        FROM worker_status
        WHERE at >= toDateTime64($__fromTime, 6, 'UTC')
            AND at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
            AND (notEmpty(lag) OR stopped)
        GROUP BY minute, worker, instance
    )
    GROUP BY minute, worker
)
GROUP BY time
ORDER BY time WITH FILL STEP step
