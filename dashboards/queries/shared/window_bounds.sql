(
    SELECT maxOrNull(as_of)
    FROM agency_metrics FINAL
    WHERE client_id = ${client:singlequote}
        AND segment = 'all'
        AND `window` = ${window:singlequote}
        AND day <= toDate($__toTime, 'UTC')
        AND as_of <= $__toTime
) AS snapshots_as_of,
toStartOfHour(ifNull(snapshots_as_of, toDateTime($__toTime, 'UTC'))) + INTERVAL 1 HOUR AS window_end,
window_end - toIntervalHour(
    {{> hours_of_window}}
) AS window_start
