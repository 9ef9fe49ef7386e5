WITH
    {{> window_bounds}},
    present AS (
        SELECT
            agency_id, calls, nps, nps_low, nps_high, nps_n, aggression, aggression_n, empathy
        {{> latest_snapshots}}
    ),
    before AS (
        SELECT agency_id, nps_low AS before_low, nps_high AS before_high, nps AS nps_before, nps_n AS n_before
        {{> snapshots_before}}
    ),
    harsh AS (
        SELECT
            agency_id,
            countIf(aggression IS NOT NULL) AS scored,
            countIf(aggression >= 0.5) AS above,
            countIf(empathy IS NOT NULL) AS with_empathy,
            countIf(empathy >= 0.5) AS kind,
            countIf(has(conduct, 'threat') OR has(conduct, 'false_threat')) AS threatened,
            countIf(aggression IS NOT NULL) AS held
        {{> rated_calls}}
        GROUP BY agency_id
    )
SELECT
    {{agency:agency_id}} AS agency,
    nps,
    if(nps_low <= nps AND nps <= nps_high, concat(toString(toInt64(round(nps_low))), ' … ', toString(toInt64(round(nps_high)))), NULL) AS nps_range,
    nps_n,
    multiIf(
        nps IS NULL OR nps_before IS NULL OR least(nps_n, n_before) < 30, NULL,
        nps_low > before_high, concat('▲ ', toString(toInt64(round(nps - nps_before)))),
        nps_high < before_low, concat('▼ ', toString(toInt64(round(nps_before - nps)))),
        '≈'
    ) AS nps_change,
    aggression,
    empathy,
    {{> harsh_words}},
    {{> threat_words}},
    {{> kind_words}},
    calls
FROM present
LEFT JOIN before USING (agency_id)
LEFT JOIN harsh USING (agency_id)
ORDER BY agency
