AND ${conversation:singlequote} != ''
AND (ended_at, agency_id, event_id) IN (
    SELECT ended_at, agency_id, event_id
    FROM calls
    WHERE client_id = ${client:singlequote}
        AND event_id = ${conversation:singlequote}
)
