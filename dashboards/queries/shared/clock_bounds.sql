toStartOfHour(toDateTime($__toTime, 'UTC')) + INTERVAL 1 HOUR AS window_end,
window_end - toIntervalHour(
    {{> hours_of_window}}
) AS window_start
