DROP TABLE IF EXISTS display_names
;
