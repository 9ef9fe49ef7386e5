DROP TABLE IF EXISTS contact_excesses
;
