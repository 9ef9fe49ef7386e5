WITH
    1.959964 AS z,
    {{> window_bounds}},
    shown AS (
        SELECT
            agency_id,
            arrayConcat(
                arrayFilter(
                    rule -> rule = 'hours' OR arrayExists(quote -> quote.kind = concat('conduct.', rule), quotes),
                    arrayDistinct(conduct)
                ),
                if(event_id IN (
                    SELECT event_id
                    FROM contact_excesses FINAL
                    WHERE client_id = ${client:singlequote}
                        AND ended_at >= toDateTime64(window_start, 6, 'UTC')
                        AND ended_at < toDateTime64(window_end, 6, 'UTC')
                ), ['frequency'], [])
            ) AS breaches
        {{> rated_calls}}
    ),
    every AS (
        SELECT agency_id, count() AS n
        FROM shown
        GROUP BY agency_id
    )
SELECT
    {{agency:agency_id}} AS agency,
    rule,
    k / n AS share,
    (k + z * z / 2) / (n + z * z) AS centre,
    z / (n + z * z) * sqrt(k * (n - k) / n + z * z / 4) AS half,
    concat(
        replaceOne(toDecimalString(100 * (centre - half), 1), '.', {{word:ui.decimal_point}}),
        ' … ',
        replaceOne(toDecimalString(100 * if(k = n, 1., centre + half), 1), '.', {{word:ui.decimal_point}}),
        ' %'
    ) AS share_range,
    k AS conversations,
    n
FROM (
    SELECT agency_id, rule, count() AS k
    FROM shown
    ARRAY JOIN breaches AS rule
    GROUP BY agency_id, rule
) AS broken
INNER JOIN every USING (agency_id)
ORDER BY agency, share DESC, rule
