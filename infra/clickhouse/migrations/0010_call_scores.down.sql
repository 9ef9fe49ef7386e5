DROP TABLE IF EXISTS call_scores
;
