DROP TABLE IF EXISTS letter_replays
;

ALTER TABLE agency_metrics MODIFY COLUMN `amount_recovered` Float64
;

ALTER TABLE engagements MODIFY COLUMN `amount` Decimal(18, 4)
;
