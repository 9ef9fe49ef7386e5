WITH
    {{> window_bounds}},
    (
        SELECT maxOrNull(ended_at)
        FROM (
            SELECT ended_at
            FROM calls
            WHERE client_id = ${client:singlequote}
                AND $__conditionalAll(agency_id IN (${agency:singlequote}), $agency)
                AND ended_at < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
            ORDER BY ended_at DESC
            LIMIT 1
        )
    ) AS scored,
    (
        SELECT maxOrNull(event_time)
        FROM payments_and_cancellations
        WHERE client_id = ${client:singlequote}
            AND event_time < toDateTime64($__toTime, 6, 'UTC') + INTERVAL 1 SECOND
    ) AS paid,
    dateDiff('hour', scored, paid) AS ahead,
    formatDateTime(scored, '%d/%m/%Y %H:%i', {{timezone}}) AS scored_text,
    formatDateTime(paid, '%d/%m/%Y %H:%i', {{timezone}}) AS paid_text,
    formatDateTime(least(window_end, $__toTime), '%d/%m/%Y %H:%i', {{timezone}}) AS until_text
SELECT
    arrayFold(
        (text, part) -> replaceAll(text, part.1, part.2),
        [
            ('{scored}', ifNull(scored_text, '')),
            ('{paid}', ifNull(paid_text, '')),
            ('{hours}', toString(ifNull(ahead, 0))),
            ('{until}', until_text)
        ],
        multiIf(
            scored IS NULL, {{word:freshness.none}},
            snapshots_as_of IS NULL, {{word:freshness.together}},
            ahead > 1, concat({{word:freshness.until}}, ' ', {{word:freshness.ahead}}),
            concat({{word:freshness.until}}, ' ', {{word:freshness.together}})
        )
    ) AS freshness
