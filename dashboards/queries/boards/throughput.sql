WITH
    greatest(60, intDiv(toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime), 120)) AS step,
    (
        SELECT countIf(worker != 'analytics') = 0
        FROM worker_status
        WHERE at >= toDateTime64($__fromTime, 6, 'UTC')
            AND at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    ) AS only_analytics_reports
SELECT
    toDateTime(intDiv(toUnixTimestamp(minute), step) * step, 'UTC') AS time,
    avgOrNullIf(per_second, stage = 'transcribed') AS calls_transcribed,
    avgOrNullIf(per_second, stage = 'scored') AS calls_scored,
    avgOrNullIf(per_second, stage = 'linked') AS calls_linked,
    avgOrNullIf(per_second, stage = 'outcomes') AS outcomes_linked
FROM (
    SELECT minute, stage, sum(of_topic) AS per_second
    FROM (
        SELECT
            toStartOfMinute(at) AS minute,
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
            AND (
                -- analytics reads topics of other roles
                only_analytics_reports
                OR worker = transform(
                    topic,
                    ['call-ended', 'call-transcribed'],
                    ['transcriber', 'scorer'],
                    'analytics'
                )
            )
        GROUP BY minute, instance, topic
    )
    GROUP BY minute, stage
)
GROUP BY time
ORDER BY time WITH FILL STEP step
