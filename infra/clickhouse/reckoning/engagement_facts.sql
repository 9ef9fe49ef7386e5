-- Engagements with what became of them: sums of scores and amounts in 1/10^4.
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
    notEmpty(payments_within) AS paid,
    arraySum(
        paid -> paid.2,
        arrayFilter(paid -> paid.3 = {currency:String}, payments_within)
    ) AS amount
FROM chains
LEFT JOIN payments USING (client_id, customer)
LEFT JOIN cancellations USING (client_id, customer)
