multiIf(
    scored = 0, NULL,
    scored < 100, concat(toString(above), {{word:ui.out_of}}, toString(scored)),
    concat(toString(toInt64(round(100 * above / scored))), {{word:ui.out_of}}, '100')
) AS harsh_share
