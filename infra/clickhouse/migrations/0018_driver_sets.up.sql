ALTER TABLE calls ADD COLUMN IF NOT EXISTS `driver_set` LowCardinality(String) DEFAULT arrayStringConcat(arraySort(arrayDistinct(drivers)), ' ') AFTER `driver_quotes`
;
ALTER TABLE calls MATERIALIZE COLUMN `driver_set`
;
