ALTER TABLE agency_metrics DROP COLUMN IF EXISTS `sentiment_n_inferred`
;
ALTER TABLE agency_hours DROP COLUMN IF EXISTS `sentiment_inferred`
;
ALTER TABLE agency_metrics DROP COLUMN IF EXISTS `empathy_n_inferred`
;
ALTER TABLE agency_hours DROP COLUMN IF EXISTS `empathy_inferred`
;
ALTER TABLE agency_metrics DROP COLUMN IF EXISTS `aggression_n_inferred`
;
ALTER TABLE agency_hours DROP COLUMN IF EXISTS `aggression_inferred`
;
ALTER TABLE calls DROP COLUMN IF EXISTS `speakers`
;
