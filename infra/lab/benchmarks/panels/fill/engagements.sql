INSERT INTO engagements
WITH
    number * {every:UInt64} + {begin:UInt64} AS call,
    cityHash64(call) AS chance,
    ['acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'acqua', 'luce', 'luce', 'luce', 'lift'] AS clients,
    {last:DateTime64(6, 'UTC')}
        - toIntervalMicrosecond(({calls:UInt64} - 1 - call) * intDiv(86400000000 * {days:UInt64}, {calls:UInt64})) AS at,
    1 + intDiv(chance, 31) % 3 AS engaged_calls
SELECT
    clients[chance % 10 + 1] AS client_id,
    concat('agency-', toString(intDiv(chance, 10) % 21 % 6)) AS agency_id,
    concat('p:', lower(hex(sipHash128(intDiv(chance, 1000) % intDiv({calls:UInt64} + 3, 3))))) AS customer,
    at AS opened_at,
    toDateTime(toStartOfHour(at) + INTERVAL 30 DAY, 'UTC') AS matures_at,
    ['credit_management', 'debt_collection', 'customer_care'][intDiv(chance, 7) % 3 + 1] AS service,
    ['reminder', 'lost_invoice', 'payment_plan', 'dispute', 'legal_notice', 'survey'][intDiv(chance, 11) % 6 + 1] AS touchpoint,
    ['phone', 'phone', 'phone', 'phone', 'email', 'whatsapp', 'web_chat'][intDiv(chance, 13) % 7 + 1] AS channel,
    ['household', 'household', 'small_business', 'large_company', 'public_body'][intDiv(chance, 17) % 5 + 1] AS customer_type,
    engaged_calls AS calls,
    engaged_calls AS scored,
    if(chance % 100 < 4, NULL, toFloat64(intDiv(chance, 100) % (10000 * engaged_calls)) / (10000 * engaged_calls)) AS aggression,
    1 - aggression AS empathy,
    intDiv(chance, 37) % 100 < 15 AS cancelled,
    intDiv(chance, 41) % 100 < 3 AS lost_to_supplier,
    intDiv(chance, 43) % 100 < 45 AS paid,
    if(paid, toDecimal128(intDiv(chance, 47) % 500, 4), 0) AS amount,
    toUnixTimestamp64Micro(at) + {every:UInt64} AS version,
    {every:UInt64} > 1 AND intDiv(chance, 53) % 10 = 0 AS is_deleted
FROM numbers({rows:UInt64})
WHERE intDiv(chance, 59) % 100 < 45
