DROP TABLE dead_letters
;

DROP TABLE alerts
;

DROP TABLE agency_metrics
;

DROP TABLE agency_hours
;

DROP TABLE engagements
;

DROP TABLE calls
;

DROP TABLE events
;
