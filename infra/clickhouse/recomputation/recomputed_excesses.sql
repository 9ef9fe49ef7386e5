-- The conversations above the permitted number of their day or week, as table `contact_excesses`
-- should hold them.
SELECT
    client_id,
    agency_id,
    event_id,
    fromUnixTimestamp64Micro(at, 'UTC') AS ended_at,
    service,
    touchpoint,
    channel,
    customer_type,
    if(of_day > {per_day:UInt32}, 'day', 'week') AS limit
FROM (
    SELECT
        *,
        toDate(fromUnixTimestamp64Micro(at), {time_zone:String}) AS local_day,
        row_number() OVER (
            PARTITION BY client_id, agency_id, customer, local_day ORDER BY at, event_id
        ) AS of_day,
        row_number() OVER (
            PARTITION BY client_id, agency_id, customer, toMonday(local_day) ORDER BY at, event_id
        ) AS of_week
    FROM conversations
    WHERE channel = 'phone' AND service IN ('credit_management', 'debt_collection')
)
WHERE of_day > {per_day:UInt32} OR of_week > {per_week:UInt32}
