WITH
    {{> clock_bounds}}
SELECT
    scorer_version,
    language,
    if(from_audio, 'audio', 'text') AS given,
    count() AS n,
    min(ended_at) AS first,
    max(ended_at) AS last
FROM calls FINAL
WHERE client_id = ${client:singlequote}
    AND ended_at >= toDateTime64(window_start, 6, 'UTC')
    AND ended_at < toDateTime64(window_end, 6, 'UTC')
GROUP BY scorer_version, language, given
ORDER BY last DESC, scorer_version, language, given
