SELECT
    {{agency:group_name}} AS agency,
    day,
    staying_until AS value,
    low_until AS low,
    high_until AS high,
    at_risk_until AS at_risk,
    n,
    as_of
FROM survival FINAL
ARRAY JOIN
    days AS day,
    staying AS staying_until,
    low AS low_until,
    high AS high_until,
    at_risk AS at_risk_until
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(group_name IN (${agency:singlequote}), $agency)
    AND group_kind = 'agency'
    AND ${segment:singlequote} = 'all'
    AND `window` = ${window:singlequote}
    AND (as_of, version) = (
        SELECT max((as_of, version))
        FROM survival
        WHERE client_id = ${client:singlequote}
            AND `window` = ${window:singlequote}
            AND as_of <= $__toTime
    )
ORDER BY agency, day
