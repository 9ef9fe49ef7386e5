ALTER TABLE calls ADD COLUMN IF NOT EXISTS `speakers` LowCardinality(String) DEFAULT '' AFTER `why`
;
ALTER TABLE agency_hours ADD COLUMN IF NOT EXISTS `aggression_inferred` Int128 DEFAULT 0 AFTER `payment_xy`
;
ALTER TABLE agency_metrics ADD COLUMN IF NOT EXISTS `aggression_n_inferred` UInt64 DEFAULT 0 AFTER `aggression_n`
;
ALTER TABLE agency_hours ADD COLUMN IF NOT EXISTS `empathy_inferred` Int128 DEFAULT 0 AFTER `aggression_inferred`
;
ALTER TABLE agency_metrics ADD COLUMN IF NOT EXISTS `empathy_n_inferred` UInt64 DEFAULT 0 AFTER `empathy_n`
;
ALTER TABLE agency_hours ADD COLUMN IF NOT EXISTS `sentiment_inferred` Int128 DEFAULT 0 AFTER `empathy_inferred`
;
ALTER TABLE agency_metrics ADD COLUMN IF NOT EXISTS `sentiment_n_inferred` UInt64 DEFAULT 0 AFTER `sentiment_n`
;
