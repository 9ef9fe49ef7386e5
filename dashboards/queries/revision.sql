SELECT toString(sum(cityHash64(table, name, modification_time)))
FROM system.parts
WHERE active
    AND database = currentDatabase()
    AND table IN (
        'calls', 'call_surveys', 'contact_excesses', 'agency_metrics', 'agency_hours', 'alerts', 'alert_actions', 'engagements', 'survival'
    )
