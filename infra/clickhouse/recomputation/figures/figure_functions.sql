1.959964 AS z,
(k, n) -> if(n = 0, NULL, k / n) AS share,
(k, n) -> (k + z * z / 2) / (n + z * z) AS wilson_centre,
(k, n) -> z / (n + z * z) * sqrt(k * (n - k) / greatest(n, 1) + z * z / 4) AS wilson_half,
(k, n) -> if(n = 0, NULL, if(k = 0, 0, wilson_centre(k, n) - wilson_half(k, n))) AS wilson_low,
(k, n) -> if(n = 0, NULL, if(k = n, 1, wilson_centre(k, n) + wilson_half(k, n))) AS wilson_high,
(k, n) -> (k + 0.75) / (n + 3) AS adjusted,
(p, d, n) -> z * sqrt((p + d - (p - d) * (p - d)) / (n + 3)) AS wald_half,
(k, l, n) -> 100 * (adjusted(k, n) - adjusted(l, n)) AS nps_centre,
(k, l, n) -> 100 * wald_half(adjusted(k, n), adjusted(l, n), n) AS nps_half,
(n, x, xx) -> n * xx - x * x AS spread,
(n, x, xx, y, xy) -> greatest(-1, least(1,
    toFloat64(n * xy - x * y)
    / sqrt(toFloat64(spread(n, x, xx) * spread(n, y, y)))
)) AS pearson,
(n, x, xx, y, xy) -> if(
    n < 10 OR spread(n, x, xx) = 0 OR spread(n, y, y) = 0, NULL, pearson(n, x, xx, y, xy)
) AS r_or_null,
(r, n) -> tanh(atanh(r) - z / sqrt(toFloat64(greatest(n - 3, 1)))) AS fisher_low,
(r, n) -> tanh(atanh(r) + z / sqrt(toFloat64(greatest(n - 3, 1)))) AS fisher_high
