SELECT
    acted_on,
    argMinIf(
        near_id,
        abs(dateDiff('second', acted_since, near_since)),
        near_status != 'retracted' AND abs(dateDiff('day', acted_since, near_since)) <= 7
    ) AS nearest,
    if(acted_status != 'retracted' OR nearest = '', acted_on, nearest) AS alert_id
FROM (
    SELECT agency_id, kind, alert_id AS acted_on, status AS acted_status, since AS acted_since
    FROM alerts FINAL
    WHERE client_id = ${client:singlequote}
) AS about
INNER JOIN (
    SELECT agency_id, kind, alert_id AS near_id, status AS near_status, since AS near_since
    FROM alerts FINAL
    WHERE client_id = ${client:singlequote}
) AS near USING (agency_id, kind)
GROUP BY acted_on, acted_status
