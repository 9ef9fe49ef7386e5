DROP TABLE IF EXISTS settled_events
;
