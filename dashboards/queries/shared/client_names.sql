SELECT CAST((groupArray(client_id), groupArray(name)), 'Map(String, String)')
FROM display_names FINAL
WHERE agency_id = ''
