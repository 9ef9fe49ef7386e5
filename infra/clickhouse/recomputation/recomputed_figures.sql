-- The figures that follow from a window's sums, as table `agency_metrics` should hold them; p-values
-- are left out: ClickHouse has no distribution of Student's t.
WITH
    {{> figure_functions}}
SELECT
    client_id,
    agency_id,
    segment,
    window,
    day,
    as_of,
    {{> figure_columns}}
FROM window_sums
WHERE is_stored OR calls > 0 OR matured > 0
