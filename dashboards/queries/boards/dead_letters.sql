SELECT
    topic,
    error_class,
    count() AS n,
    countIf(replayed_at < written_at) AS waiting,
    min(written_at) AS first,
    max(written_at) AS last
FROM dead_letters FINAL
LEFT JOIN (
    SELECT letter_id AS replayed_letter, max(replayed_at) AS replayed_at
    FROM letter_replays FINAL
    GROUP BY letter_id
) AS replays ON letter_id = replayed_letter
WHERE (client_id = ${client:singlequote} OR client_id IS NULL)
    AND $__timeFilter(written_at)
GROUP BY topic, error_class
ORDER BY n DESC, topic, error_class
