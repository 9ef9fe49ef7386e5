-- Engagements as the correlations take them: means in 1/10^12, the exact half to the even.
WITH
    (total, n) -> intDiv(total * 100000000, greatest(n, 1)) AS whole_of,
    (total, n) -> 2 * (total * 100000000 % greatest(n, 1)) AS twice_the_rest,
    (whole, twice, n) -> whole + (twice > n OR (twice = n AND whole % 2 = 1)) AS half_to_even
SELECT
    *,
    toInt128(half_to_even(
        whole_of(aggression_sum, aggression_n),
        twice_the_rest(aggression_sum, aggression_n),
        aggression_n
    )) AS mean_aggression,
    toInt128(half_to_even(
        whole_of(empathy_sum, empathy_n), twice_the_rest(empathy_sum, empathy_n), empathy_n
    )) AS mean_empathy
FROM engagement_facts
