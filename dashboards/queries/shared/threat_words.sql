multiIf(
    held = 0, NULL,
    held < 100, concat(toString(threatened), {{word:ui.out_of}}, toString(held)),
    concat(toString(toInt64(round(100 * threatened / held))), {{word:ui.out_of}}, '100')
) AS threat_share
