SELECT
    {{agency:agency_id}} AS agency,
    driver,
    count() AS calls
FROM calls FINAL
ARRAY JOIN arrayDistinct(drivers) AS driver
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    {{> in_segment}}
    AND ended_at < toStartOfHour(toDateTime($__toTime, 'UTC')) + INTERVAL 1 HOUR
    AND ended_at >= toStartOfHour(toDateTime($__toTime, 'UTC')) + INTERVAL 1 HOUR
        - toIntervalHour(transform(${window:singlequote}, ['24h', '7d', '30d', '90d'], [24, 168, 720, 2160], 24))
GROUP BY agency, driver
ORDER BY agency, calls DESC, driver
