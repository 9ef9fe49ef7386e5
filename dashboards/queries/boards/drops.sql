SELECT
    worker,
    if(startsWith(counter, 'left_out:'), 'left_out', counter) AS dropped,
    if(startsWith(counter, 'left_out:'), substring(counter, 10), '') AS detail,
    toInt64(sum(after[counter]) - sum(before[counter]))
        -- a conflict is a dead letter with a row of its own
        - if(counter = 'dead_letters', toInt64(sum(after['conflicts']) - sum(before['conflicts'])), 0) AS n
FROM (
    SELECT
        worker,
        instance,
        argMax(counts, at) AS after,
        if(
            min(started_at) >= toDateTime64($__fromTime, 6, 'UTC'),
            CAST(map(), 'Map(LowCardinality(String), UInt64)'),
            argMin(counts, at)
        ) AS before
    FROM worker_status
    WHERE at >= toDateTime64($__fromTime, 6, 'UTC') - INTERVAL 1 MINUTE
        AND at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    GROUP BY worker, instance
)
ARRAY JOIN mapKeys(after) AS counter
WHERE counter IN (
    'dead_letters', 'conflicts', 'texts_taken_for_invented', 'recordings_partly_unheard', 'recordings_in_doubt',
    'calls_taken_in_part'
) OR startsWith(counter, 'left_out:')
GROUP BY worker, counter
HAVING n > 0
ORDER BY n DESC, worker, dropped, detail
