DROP TABLE IF EXISTS notifications
;
DROP TABLE IF EXISTS alert_actions
;
