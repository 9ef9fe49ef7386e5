WITH
    figures AS (
        SELECT
            agency_id, {{agency:agency_id}} AS name,
            nps, nps_low, nps_high, nps_n,
            churn_rate, churn_rate_low, churn_rate_high, churn_rate_n
        {{> latest_snapshots}}
    ),
    compared AS (
        SELECT
            'nps' AS figure, agency_id, name, assumeNotNull(nps) AS value,
            assumeNotNull(nps_low) AS low, assumeNotNull(nps_high) AS high, nps_n AS n
        FROM figures
        WHERE nps_n >= 30 AND nps IS NOT NULL
        UNION ALL
        SELECT
            'churn_rate' AS figure, agency_id, name, 100 * assumeNotNull(churn_rate) AS value,
            100 * assumeNotNull(churn_rate_low) AS low, 100 * assumeNotNull(churn_rate_high) AS high,
            churn_rate_n AS n
        FROM figures
        WHERE churn_rate_n >= 30 AND churn_rate IS NOT NULL
    ),
    beside AS (
        SELECT
            *,
            groupArray((agency_id, low, high)) OVER (PARTITION BY figure) AS every,
            arrayFilter(each -> each.1 != agency_id, every) AS others
        FROM compared
    ),
    apart AS (
        SELECT
            multiIf(
                figure = 'nps' AND low > arrayMax(arrayMap(each -> each.3, others)), 1,
                figure = 'nps' AND high < arrayMin(arrayMap(each -> each.2, others)), 2,
                figure = 'churn_rate' AND low > arrayMax(arrayMap(each -> each.3, others)), 3,
                figure = 'churn_rate' AND high < arrayMin(arrayMap(each -> each.2, others)), 4,
                0
            ) AS place,
            transform(
                place,
                [1, 2, 3, 4],
                [{{word:verdict.nps.best}}, {{word:verdict.nps.worst}},
                    {{word:verdict.churn_rate.worst}}, {{word:verdict.churn_rate.best}}],
                ''
            ) AS template,
            name, value, low, high, n
        FROM beside
        WHERE notEmpty(others)
    ),
    spoken AS (
        SELECT
            place,
            arrayFold(
                (text, part) -> replaceAll(text, part.1, part.2),
                [
                    ('{value}', toString(toInt64(round(value)))),
                    ('{low}', toString(toInt64(round(low)))),
                    ('{high}', toString(toInt64(round(high)))),
                    ('{sample}', toString(n)),
                    ('{agency}', name)
                ],
                template
            ) AS verdict
        FROM apart
        WHERE place > 0
    )
SELECT verdict
FROM (
    SELECT place, verdict FROM spoken
    UNION ALL
    SELECT
        9 AS place,
        if(
            (SELECT count() FROM apart) = 0,
            {{word:verdict.too_early}},
            {{word:verdict.alike}}
        ) AS verdict
    WHERE (SELECT count() FROM spoken) = 0
)
ORDER BY place, verdict
