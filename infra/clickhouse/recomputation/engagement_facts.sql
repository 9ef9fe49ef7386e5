-- Engagements with what became of them: sums of scores and amounts in 1/10^4. `outcomes` are what
-- was paid, by what is known in the hour it matures and after each later hour in which a payment
-- came back: (hour in us, paid, amount); `paid` and `amount` are the last.
SELECT
    client_id,
    agency_id,
    customer,
    t0,
    t0 - t0 % 3600000000 + horizon_us AS matures,
    members[1].5 AS service,
    members[1].6 AS touchpoint,
    members[1].7 AS channel,
    members[1].8 AS customer_type,
    length(members) AS calls,
    length(aggressions) AS aggression_n,
    arraySum(aggressions) AS aggression_sum,
    length(empathies) AS empathy_n,
    arraySum(empathies) AS empathy_sum,
    arrayFilter(paid -> paid.1 >= t0 AND paid.1 < ends, payments) AS payments_within,
    arrayMap(
        ending -> ending.1,
        arrayFilter(
            ending -> ending.1 >= t0 AND ending.1 < ends AND ending.2 = 'customer', cancellations
        )
    ) AS left_at,
    arrayMap(
        ending -> ending.1,
        arrayFilter(
            ending -> ending.1 >= t0 AND ending.1 < ends AND ending.2 = 'supplier', cancellations
        )
    ) AS ended_at,
    notEmpty(left_at) AS cancelled,
    notEmpty(ended_at)
    AND (empty(left_at) OR arrayMin(ended_at) < arrayMin(left_at)) AS lost_to_supplier,
    arrayMap(
        known -> arrayMap(
            paid -> (
                greatest(0, paid.2 - arraySum(
                    back -> if(back.2, paid.2, back.3),
                    arrayFilter(back -> back.1 < known + 3600000000, paid.4)
                )),
                paid.3
            ),
            payments_within
        ),
        arrayConcat([matures], arraySort(arrayDistinct(arrayFilter(
            known -> known > matures,
            arrayMap(
                back -> back.1 - back.1 % 3600000000,
                arrayFlatten(arrayMap(paid -> paid.4, payments_within))
            )
        ))) AS later) AS knowing
    ) AS left_of_them,
    arrayMap(
        (known, lefts) -> (
            known,
            arrayExists(left -> left.1 > 0, lefts),
            arraySum(left -> if(left.2 = {currency:String}, left.1, 0), lefts)
        ),
        knowing,
        left_of_them
    ) AS outcomes,
    outcomes[-1].2 AS paid,
    outcomes[-1].3 AS amount
FROM chains
LEFT JOIN payments USING (client_id, customer)
LEFT JOIN cancellations USING (client_id, customer)
