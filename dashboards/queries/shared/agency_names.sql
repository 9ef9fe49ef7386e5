SELECT CAST((groupArray(agency_id), groupArray(name)), 'Map(String, String)')
FROM display_names FINAL
WHERE client_id = ${client:singlequote} AND agency_id != ''
