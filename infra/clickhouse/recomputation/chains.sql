-- Engagements with their conversations: the first one opens an engagement, those before t0 + H
-- join it, the next opens another; at equal times the smaller event id is the first.
SELECT
    client_id,
    agency_id,
    customer,
    t0,
    horizon_us,
    t0 + horizon_us AS ends,
    arrayFilter(said -> said.1 >= t0 AND said.1 < ends, conversations) AS members,
    arrayMap(
        said -> assumeNotNull(said.3), arrayFilter(said -> said.3 IS NOT NULL, members)
    ) AS aggressions,
    arrayMap(
        said -> assumeNotNull(said.4), arrayFilter(said -> said.4 IS NOT NULL, members)
    ) AS empathies
FROM (
    SELECT
        client_id,
        agency_id,
        customer,
        transform(
            toString(client_id),
            {own_clients:Array(String)},
            {own_horizons_us:Array(Int64)},
            {horizon_us:Int64}
        ) AS horizon_us,
        arraySort(
            said -> (said.1, said.2),
            groupArray((
                at, event_id, aggression, empathy, service, touchpoint, channel, customer_type
            ))
        ) AS conversations
    FROM conversations
    GROUP BY client_id, agency_id, customer
)
ARRAY JOIN arrayFold(
    (opened, said) -> if(
        empty(opened) OR said.1 >= opened[-1] + horizon_us,
        arrayPushBack(opened, said.1),
        opened
    ),
    conversations,
    []::Array(Int64)
) AS t0
