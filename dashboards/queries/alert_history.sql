SELECT
    {{agency:agency_id}} AS agency,
    kind,
    status,
    since,
    opened_at,
    resolved_at,
    level,
    baseline,
    n,
    acknowledged_by,
    owner,
    notes,
    alert_id
FROM alerts FINAL
LEFT JOIN (
    SELECT
        alert_id,
        argMaxIf(who, at, action = 'acknowledged') AS acknowledged_by,
        argMaxIf(text, at, action = 'owner') AS owner,
        arrayStringConcat(
            arrayMap(
                note -> concat(
                    formatDateTime(note.1, '%d/%m/%Y', {{timezone}}),
                    ' ', note.2, ': ', replaceAll(note.3, '\n', ' ')
                ),
                arraySort(groupArrayIf((at, who, text), action = 'note'))
            ),
            '\n'
        ) AS notes
    FROM (
        SELECT alert_id AS acted_on, action, who, text, at
        FROM alert_actions FINAL
        WHERE client_id = ${client:singlequote}
    ) AS done
    INNER JOIN (
        {{> places_of_alerts}}
    ) AS places USING (acted_on)
    GROUP BY alert_id
) AS followed USING (alert_id)
WHERE client_id = ${client:singlequote}
    AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
    AND status != 'retracted'
    AND opened_at <= $__toTime
ORDER BY opened_at DESC, agency, kind
LIMIT 200
