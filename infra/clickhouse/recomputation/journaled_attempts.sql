-- The calls nobody answered, as table `attempts` should hold them.
SELECT * EXCEPT survey_rating FROM journaled WHERE reason != ''
