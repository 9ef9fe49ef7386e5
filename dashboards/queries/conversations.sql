WITH
    {{> window_bounds}},
    {{> quoted_sentences}},
    of_outcome AS (
        SELECT calls.event_id AS event_id
        FROM calls
        INNER JOIN (
            SELECT
                agency_id,
                customer,
                opened_at,
                matures_at + toIntervalSecond(dateDiff('second', toStartOfHour(opened_at), opened_at)) AS ends_at
            FROM engagements FINAL
            WHERE client_id = ${client:singlequote}
                AND ${outcome:singlequote} != ''
                AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
                {{> in_segment}}
                AND matures_at >= window_start
                AND matures_at < window_end
                AND opened_at >= toDateTime64(window_start - INTERVAL 366 DAY, 6, 'UTC')
                AND opened_at < toDateTime64(window_end, 6, 'UTC')
                AND multiIf(
                    ${outcome:singlequote} = 'lost', cancelled AND NOT lost_to_supplier,
                    ${outcome:singlequote} = 'stayed', NOT cancelled AND NOT lost_to_supplier,
                    ${outcome:singlequote} = 'paid', paid,
                    NOT paid
                )
        ) AS engagement ON calls.agency_id = engagement.agency_id AND calls.customer = engagement.customer
        WHERE calls.client_id = ${client:singlequote}
            AND calls.ended_at >= engagement.opened_at
            AND calls.ended_at < engagement.ends_at
            AND calls.ended_at >= toDateTime64(window_start - INTERVAL 366 DAY, 6, 'UTC')
            AND calls.ended_at < toDateTime64(window_end, 6, 'UTC')
    ),
    candidates AS (
        SELECT
            ended_at,
            agency_id,
            event_id,
            coalesce(survey_rating, later_rating, spoken_rating) AS given,
            multiIf(
                ${order:singlequote} = 'aggression', round(aggression * 10000),
                ${order:singlequote} = 'least_aggression', -round(aggression * 10000),
                ${order:singlequote} = 'empathy', round(empathy * 10000),
                ${order:singlequote} = 'least_empathy', -round(empathy * 10000),
                ${order:singlequote} = 'sentiment', round(sentiment * 10000),
                ${order:singlequote} = 'least_sentiment', -round(sentiment * 10000),
                ${order:singlequote} = 'rating', toFloat64(given),
                ${order:singlequote} = 'least_rating', -toFloat64(given),
                toFloat64(toUnixTimestamp64Micro(ended_at))
            ) AS placed,
            toInt64(assumeNotNull(placed)) AS place
        FROM calls FINAL
        LEFT JOIN (
            SELECT event_id AS rated_call, toNullable(rating) AS later_rating
            FROM call_surveys FINAL
            WHERE client_id = ${client:singlequote}
                AND known_at < $__toTime + INTERVAL 1 SECOND
        ) AS later ON event_id = rated_call
        WHERE client_id = ${client:singlequote}
            AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
            AND ended_at >= toDateTime64(if(${outcome:singlequote} = '', window_start, window_start - INTERVAL 366 DAY), 6, 'UTC')
            AND ended_at < toDateTime64(window_end, 6, 'UTC')
            AND (${outcome:singlequote} = '' OR event_id IN (SELECT event_id FROM of_outcome))
            AND (
                ${outcome:singlequote} != ''
                OR (
                    1
                    {{> in_segment}}
                )
            )
            AND placed IS NOT NULL
            AND multiIf(
                ${rating:singlequote} = 'promoters', given >= 9,
                ${rating:singlequote} = 'passives', given IN (7, 8),
                ${rating:singlequote} = 'detractors', given <= 6,
                ${rating:singlequote} = 'none', given IS NULL,
                1
            )
            AND (
                ${conduct:singlequote} = ''
                OR (
                    ${conduct:singlequote} != 'frequency'
                    AND arrayExists(rule -> rule != 'frequency' AND ${conduct:singlequote} IN ('any', rule), conduct)
                )
                OR (
                    ${conduct:singlequote} IN ('any', 'frequency')
                    AND event_id IN (
                        SELECT event_id
                        FROM contact_excesses FINAL
                        WHERE client_id = ${client:singlequote}
                            AND ended_at >= toDateTime64(window_start - INTERVAL 366 DAY, 6, 'UTC')
                            AND ended_at < toDateTime64(window_end, 6, 'UTC')
                    )
                )
            )
            AND (${driver:singlequote} = '' OR has(drivers, ${driver:singlequote}))
            AND multiIf(
                ${intent:singlequote} = 'churn_intent', churn_intent,
                ${intent:singlequote} = 'promise_to_pay', promise_to_pay,
                1
            )
        ORDER BY ended_at DESC
        LIMIT if(${text:singlequote} = '', 1000000000, 20000)
    ),
    having_text AS (
        SELECT event_id
        FROM calls
        WHERE client_id = ${client:singlequote}
            AND ${text:singlequote} != ''
            AND ended_at >= toDateTime64(window_start - INTERVAL 366 DAY, 6, 'UTC')
            AND ended_at < toDateTime64(window_end, 6, 'UTC')
            AND (ended_at, agency_id, event_id) IN (SELECT ended_at, agency_id, event_id FROM candidates)
            AND arrayExists(
                turn -> positionCaseInsensitiveUTF8(JSONExtractString(turn, 'text'), ${text:singlequote}) > 0,
                JSONExtractArrayRaw(turns)
            )
    ),
    (
        SELECT groupArray((event_id, ended_at, place, found))
        FROM (
            SELECT event_id, ended_at, place, found
            FROM (
                SELECT ended_at, event_id, place, count() OVER () AS found
                FROM candidates
                WHERE ${text:singlequote} = '' OR event_id IN (SELECT event_id FROM having_text)
            )
            WHERE ${after:singlequote} = ''
                OR place < toInt64OrZero(splitByChar(',', ${after:singlequote})[1])
                OR (
                    place = toInt64OrZero(splitByChar(',', ${after:singlequote})[1])
                    AND event_id > splitByChar(',', ${after:singlequote})[2]
                )
            ORDER BY place DESC, event_id
            LIMIT 30
        )
    ) AS shown,
    shown.1 AS shown_ids,
    arrayMin(shown.2) AS since,
    arrayMax(shown.2) AS until
SELECT
    ended_at AS time,
    {{agency:agency_id}} AS agency,
    event_id AS conversation,
    dateDiff('second', started_at, ended_at) AS seconds,
    service,
    touchpoint,
    channel,
    customer_type,
    shown.4[1] AS found,
    shown.3[indexOf(shown_ids, event_id)] AS place,
    concat(toString(place), ',', event_id) AS after,
    {{> call_columns}}
FROM calls FINAL
LEFT JOIN (
    SELECT event_id AS rated_call, toNullable(rating) AS later_rating
    FROM call_surveys FINAL
    WHERE client_id = ${client:singlequote}
        AND has(shown_ids, event_id)
        AND known_at < $__toTime + INTERVAL 1 SECOND
) AS later ON event_id = rated_call
WHERE client_id = ${client:singlequote}
    AND has(shown_ids, event_id)
    AND ended_at >= since
    AND ended_at <= until
ORDER BY place DESC, event_id
