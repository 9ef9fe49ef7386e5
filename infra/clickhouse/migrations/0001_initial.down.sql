DROP TABLE IF EXISTS dead_letters
;

DROP TABLE IF EXISTS alerts
;

DROP TABLE IF EXISTS agency_metrics
;

DROP TABLE IF EXISTS agency_hours
;

DROP TABLE IF EXISTS engagements
;

DROP TABLE IF EXISTS calls
;

DROP TABLE IF EXISTS events
;
