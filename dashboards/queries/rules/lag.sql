SELECT
    toString(worker) AS worker,
    topic,
    toFloat64(if(min(waiting) >= 1000 OR max(per_second) = 0, min(waiting), 0)) AS value
FROM (
    SELECT
        toStartOfMinute(at) AS minute,
        worker,
        topic,
        sum(of_instance) AS waiting,
        sum(rate) AS per_second
    FROM (
        SELECT
            at,
            worker,
            instance,
            topic,
            waiting AS of_instance,
            events_per_second[topic] AS rate
        FROM worker_status
        ARRAY JOIN
            mapKeys(lag) AS topic,
            mapValues(lag) AS waiting
        WHERE at >= now() - INTERVAL 15 MINUTE AND NOT stopped
        ORDER BY at DESC
        LIMIT 1 BY toStartOfMinute(at), worker, instance, topic
    )
    GROUP BY minute, worker, topic
)
GROUP BY worker, topic
HAVING count() >= 13
ORDER BY worker, topic
