DROP TABLE IF EXISTS event_claims
;
