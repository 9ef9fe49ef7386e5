ALTER TABLE calls ADD COLUMN IF NOT EXISTS `turn_scores` Array(Tuple(aggression Nullable(Float64), empathy Nullable(Float64), sentiment Nullable(Float64))) AFTER `speakers`
;
ALTER TABLE calls ADD COLUMN IF NOT EXISTS `driver_quotes` Array(Tuple(driver String, turn UInt32, text String)) AFTER `turn_scores`
;
