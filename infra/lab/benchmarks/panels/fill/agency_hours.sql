INSERT INTO agency_hours (client_id, agency_id, segment, hour, known, calls, aggression_n, aggression_sum, version)
WITH
    number + {begin:UInt64} AS day,
    toStartOfHour(toDateTime({last:DateTime64(6, 'UTC')}, 'UTC')) AS newest,
    intDiv({calls:UInt64}, {days:UInt64} * 18 * 13) + 1 AS hourly
SELECT
    client AS client_id,
    concat('agency-', toString(agency)) AS agency_id,
    segment,
    newest - toIntervalHour(({days:UInt64} - 1 - day) * 24 + back) AS hour,
    hour AS known,
    hourly AS calls,
    hourly AS aggression_n,
    hourly * (3000 + cityHash64(day, agency) % 3000) AS aggression_sum,
    1 AS version
FROM numbers({rows:UInt64})
ARRAY JOIN ['acqua', 'luce', 'lift'] AS client
ARRAY JOIN range(6) AS agency
ARRAY JOIN [
    'all', 'service=credit_management', 'service=debt_collection', 'service=customer_care',
    'touchpoint=reminder', 'touchpoint=lost_invoice', 'touchpoint=payment_plan',
    'touchpoint=dispute', 'touchpoint=legal_notice', 'touchpoint=survey', 'channel=phone',
    'channel=email', 'channel=whatsapp', 'channel=web_chat', 'customer_type=household',
    'customer_type=small_business', 'customer_type=large_company', 'customer_type=public_body'
] AS segment
ARRAY JOIN range(13) AS back
