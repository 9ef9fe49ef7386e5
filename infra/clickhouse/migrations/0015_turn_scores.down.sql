ALTER TABLE calls DROP COLUMN IF EXISTS `driver_quotes`
;
ALTER TABLE calls DROP COLUMN IF EXISTS `turn_scores`
;
