multiIf(
    with_empathy = 0, NULL,
    with_empathy < 100, concat(toString(kind), {{word:ui.out_of}}, toString(with_empathy)),
    concat(toString(toInt64(round(100 * kind / with_empathy))), {{word:ui.out_of}}, '100')
) AS kind_share
