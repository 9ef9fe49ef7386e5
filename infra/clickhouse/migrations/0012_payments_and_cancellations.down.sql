DROP VIEW IF EXISTS payments_and_cancellations
;
