-- The conversations, one row each, as table `calls` should hold them.
SELECT * EXCEPT reason FROM journaled WHERE reason = ''
