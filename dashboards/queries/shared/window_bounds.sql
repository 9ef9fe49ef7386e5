toStartOfHour(toDateTime($__toTime, 'UTC')) + INTERVAL 1 HOUR AS window_end,
window_end - toIntervalHour(
    multiIf(
        ${window:singlequote} = '7d', 168,
        ${window:singlequote} = '30d', 720,
        ${window:singlequote} = '90d', 2160,
        24
    )
) AS window_start
