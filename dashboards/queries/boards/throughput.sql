WITH
    greatest(60, intDiv(toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime), 120)) AS step
SELECT
    toDateTime(intDiv(toUnixTimestamp(minute), step) * step, 'UTC') AS time,
    avgOrNullIf(per_second, stage = 'transcribed') AS calls_transcribed,
    avgOrNullIf(per_second, stage = 'scored') AS calls_scored,
    avgOrNullIf(per_second, stage = 'linked') AS calls_linked,
    avgOrNullIf(per_second, stage = 'outcomes') AS outcomes_linked
FROM (
    SELECT minute, stage, max(of_worker) AS per_second
    FROM (
        SELECT minute, worker, stage, sum(of_topic) AS of_worker
        FROM (
            SELECT
                toStartOfMinute(at) AS minute,
                worker,
                instance,
                topic,
                transform(
                    topic,
                    ['call-ended', 'call-transcribed', 'call-scored'],
                    ['transcribed', 'scored', 'linked'],
                    'outcomes'
                ) AS stage,
                avg(rate) AS of_topic
            FROM worker_status
            ARRAY JOIN
                mapKeys(events_per_second) AS topic,
                mapValues(events_per_second) AS rate
            WHERE at >= toDateTime64($__fromTime, 6, 'UTC')
                AND at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
                AND NOT stopped
                AND topic IN (
                    'call-ended', 'call-transcribed', 'call-scored', 'payment-received',
                    'payment-returned', 'contract-cancelled', 'survey-answered'
                )
            GROUP BY minute, worker, instance, topic
        )
        GROUP BY minute, worker, stage
    )
    GROUP BY minute, stage
)
GROUP BY time
ORDER BY time WITH FILL STEP step
