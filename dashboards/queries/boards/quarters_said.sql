SELECT
    agency,
    n,
    replaceAll(
        replaceAll(
            multiIf(
                least IS NULL, {{word:quarters.undefined}},
                most_low > least_high OR most_high < least_low, {{word:quarters.apart}},
                {{word:quarters.alike}}
            ),
            '{most}',
            toString(toInt64(round(100 * ifNull(most, 0))))
        ),
        '{least}',
        toString(toInt64(round(100 * ifNull(least, 0))))
    ) AS said,
    concat(toString(toInt64(round(100 * most_low))), ' … ', toString(toInt64(round(100 * most_high))), ' %') AS most_range,
    most_n,
    concat(toString(toInt64(round(100 * least_low))), ' … ', toString(toInt64(round(100 * least_high))), ' %') AS least_range,
    least_n
FROM (
    {{> query_quarters}}
)
ORDER BY agency
