SELECT
    worker,
    topic,
    toInt64(sum(waiting)) AS lag,
    sum(events_per_second[topic]) AS per_second
FROM (
    {{> running_workers}}
) AS running
ARRAY JOIN
    mapKeys(running.lag) AS topic,
    mapValues(running.lag) AS waiting
WHERE NOT stopped
GROUP BY worker, topic
ORDER BY lag DESC, worker, topic
