WITH
    {{> window_bounds}}
SELECT
    {{agency:agency_id}} AS agency,
    multiIf(rating >= 9, 'promoters', rating >= 7, 'passives', 'detractors') AS given,
    count() AS ratings,
    count(sentiment) AS n,
    avg(sentiment) AS mean_sentiment,
    multiIf(
        n = 0, NULL,
        n < 100, concat(toString(countIf(sentiment <= -0.3)), {{word:ui.out_of}}, toString(n)),
        concat(toString(toInt64(round(100 * countIf(sentiment <= -0.3) / n))), {{word:ui.out_of}}, '100')
    ) AS upset,
    multiIf(
        n = 0, NULL,
        n < 100, concat(toString(countIf(sentiment >= 0.3)), {{word:ui.out_of}}, toString(n)),
        concat(toString(toInt64(round(100 * countIf(sentiment >= 0.3) / n))), {{word:ui.out_of}}, '100')
    ) AS pleased
FROM (
    SELECT
        agency_id, sentiment,
        coalesce(survey_rating, later_rating, spoken_rating) AS rating
    {{> rated_calls}}
)
WHERE rating IS NOT NULL
GROUP BY agency_id, given
ORDER BY agency, given = 'promoters' DESC, given = 'passives' DESC
