SELECT
    table AS what,
    sum(rows) AS n,
    toInt64(sum(bytes_on_disk)) AS bytes,
    count() AS parts,
    max(modification_time) AS last
FROM system.parts
WHERE active AND database = currentDatabase()
GROUP BY table
ORDER BY bytes DESC, what
