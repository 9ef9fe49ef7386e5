SELECT
    since AS time,
    ifNull(resolved_at, $__toTime) AS timeEnd,
    concat(
        {{agency:agency_id}}, ': ',
        transform(
            kind,
            ['aggression_rise', 'nps_fall', 'silence'],
            [{{word:alert_kind.aggression_rise}}, {{word:alert_kind.nps_fall}}, {{word:alert_kind.silence}}],
            kind
        )
    ) AS text,
    kind AS tags
FROM alerts FINAL
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND status != 'retracted'
    AND since <= $__toTime
    AND (resolved_at IS NULL OR resolved_at >= $__fromTime)
ORDER BY time
