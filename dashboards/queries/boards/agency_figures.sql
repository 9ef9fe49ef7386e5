WITH
    {{> window_bounds}},
    present AS (
        SELECT
            agency_id, nps, nps_low, nps_high, nps_n,
            aggression, aggression_n, empathy, empathy_n, sentiment, sentiment_n,
            recovery_rate, recovery_rate_low, recovery_rate_high, recovery_rate_n,
            churn_rate, churn_rate_low, churn_rate_high, churn_rate_n, amount_recovered,
            nps_predicted, nps_predicted_low, nps_predicted_high, nps_predicted_n
        {{> latest_snapshots}}
    ),
    before AS (
        SELECT
            agency_id, nps, nps_low, nps_high, nps_n,
            aggression, aggression_n, empathy, empathy_n, sentiment, sentiment_n,
            recovery_rate, recovery_rate_low, recovery_rate_high, recovery_rate_n,
            churn_rate, churn_rate_low, churn_rate_high, churn_rate_n, amount_recovered,
            nps_predicted, nps_predicted_low, nps_predicted_high, nps_predicted_n
        {{> snapshots_before}}
    ),
    placed AS (
        SELECT 0 AS earlier, * FROM present
        UNION ALL
        SELECT 1 AS earlier, * FROM before
    ),
    shares AS (
        SELECT
            agency_id,
            arrayJoin([
                ('aggression', countIf(aggression >= 0.5), count(aggression)),
                ('empathy', countIf(empathy >= 0.5), count(empathy)),
                ('sentiment', countIf(sentiment <= -0.3), count(sentiment))
            ]) AS share,
            share.1 AS figure,
            multiIf(
                share.3 = 0, NULL,
                share.3 < 100, concat(toString(share.2), {{word:ui.out_of}}, toString(share.3)),
                concat(toString(toInt64(round(100 * share.2 / share.3))), {{word:ui.out_of}}, '100')
            ) AS counted,
            transform(
                figure,
                ['aggression', 'empathy', 'sentiment'],
                [{{word:share.aggression}}, {{word:share.empathy}}, {{word:share.sentiment}}],
                ''
            ) AS sentence
        {{> rated_calls}}
        GROUP BY agency_id
    ),
    listed AS (
        SELECT
            agency_id,
            earlier,
            arrayJoin([
                (1, 'nps', nps, nps_low, nps_high, nps_n),
                (2, 'aggression', aggression, NULL, NULL, aggression_n),
                (3, 'empathy', empathy, NULL, NULL, empathy_n),
                (4, 'sentiment', sentiment, NULL, NULL, sentiment_n),
                (5, 'recovery_rate', 100 * recovery_rate, 100 * recovery_rate_low, 100 * recovery_rate_high, recovery_rate_n),
                (6, 'churn_rate', 100 * churn_rate, 100 * churn_rate_low, 100 * churn_rate_high, churn_rate_n),
                (7, 'amount', if(recovery_rate_n = 0, NULL, toFloat64(amount_recovered)), NULL, NULL, recovery_rate_n),
                (8, 'nps_predicted', nps_predicted, nps_predicted_low, nps_predicted_high, nps_predicted_n)
            ]) AS one,
            one.2 AS figure
        FROM placed
    )
SELECT
    {{agency:agency_id}} AS agency,
    figure,
    multiIf(
        one.3 IS NULL, NULL,
        one.2 IN ('aggression', 'empathy', 'sentiment'), replaceOne(toDecimalString(round(one.3, 2) + 0, 2), '.', {{word:ui.decimal_point}}),
        one.2 IN ('recovery_rate', 'churn_rate'), concat(replaceOne(toDecimalString(one.3, 1), '.', {{word:ui.decimal_point}}), ' %'),
        one.2 = 'amount', concat(replaceRegexpOne(replaceRegexpOne(toString(toInt64(round(one.3))), '(\\d)(\\d{3})$', concat('\\1', {{word:ui.thousands}}, '\\2')), '(\\d)(\\d{3})[.,]', concat('\\1', {{word:ui.thousands}}, '\\2', {{word:ui.thousands}})), ' €'),
        toString(toInt64(round(one.3)))
    ) AS value,
    if(one.4 <= one.3 AND one.3 <= one.5, concat(toString(toInt64(round(one.4))), ' … ', toString(toInt64(round(one.5))), if(figure IN ('recovery_rate', 'churn_rate'), ' %', '')), NULL) AS interval_range,
    in_words,
    one.6 AS n,
    multiIf(
        earlier_value IS NULL, NULL,
        one.2 IN ('aggression', 'empathy', 'sentiment'), replaceOne(toDecimalString(round(earlier_value, 2) + 0, 2), '.', {{word:ui.decimal_point}}),
        one.2 IN ('recovery_rate', 'churn_rate'), concat(replaceOne(toDecimalString(earlier_value, 1), '.', {{word:ui.decimal_point}}), ' %'),
        one.2 = 'amount', concat(replaceRegexpOne(replaceRegexpOne(toString(toInt64(round(earlier_value))), '(\\d)(\\d{3})$', concat('\\1', {{word:ui.thousands}}, '\\2')), '(\\d)(\\d{3})[.,]', concat('\\1', {{word:ui.thousands}}, '\\2', {{word:ui.thousands}})), ' €'),
        toString(toInt64(round(earlier_value)))
    ) AS value_before
FROM (SELECT * FROM listed WHERE earlier = 0) AS now_listed
LEFT JOIN (
    SELECT agency_id, figure, replaceAll(sentence, '{share}', counted) AS in_words
    FROM shares
) AS worded USING (agency_id, figure)
LEFT JOIN (
    SELECT agency_id, figure, one.3 AS earlier_value
    FROM listed
    WHERE earlier = 1
) AS compared USING (agency_id, figure)
ORDER BY agency, one.1
