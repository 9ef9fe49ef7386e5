CREATE TABLE IF NOT EXISTS calls_copied AS calls
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(ended_at)
ORDER BY (client_id, ended_at, agency_id, event_id)
SETTINGS index_granularity = 1024
;

-- for each: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'calls' AND engine_full NOT LIKE '%index_granularity = 1024%'
EXCHANGE TABLES calls_copied AND calls
;

-- for each: SELECT DISTINCT client_id, agency_id FROM calls_copied
INSERT INTO calls SELECT * FROM calls_copied
WHERE client_id = {client_id:String} AND agency_id = {agency_id:String}
SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1
;

DROP TABLE IF EXISTS calls_copied
;

CREATE TABLE IF NOT EXISTS engagements_copied AS engagements
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(opened_at)
ORDER BY (client_id, opened_at, agency_id, customer)
SETTINGS index_granularity = 1024
;

ALTER TABLE engagements_copied ADD INDEX IF NOT EXISTS matures_at matures_at TYPE minmax GRANULARITY 1
;

-- for each: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'engagements' AND engine_full NOT LIKE '%index_granularity = 1024%'
EXCHANGE TABLES engagements_copied AND engagements
;

-- for each: SELECT DISTINCT client_id, agency_id FROM engagements_copied
INSERT INTO engagements SELECT * FROM engagements_copied
WHERE client_id = {client_id:String} AND agency_id = {agency_id:String}
SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1
;

DROP TABLE IF EXISTS engagements_copied
;

CREATE TABLE IF NOT EXISTS call_surveys_copied AS call_surveys
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, event_id)
SETTINGS index_granularity = 512
;

-- for each: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'call_surveys' AND engine_full NOT LIKE '%index_granularity = 512%'
EXCHANGE TABLES call_surveys_copied AND call_surveys
;

-- for each: SELECT DISTINCT client_id FROM call_surveys_copied
INSERT INTO call_surveys SELECT * FROM call_surveys_copied
WHERE client_id = {client_id:String}
SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1
;

DROP TABLE IF EXISTS call_surveys_copied
;

CREATE TABLE IF NOT EXISTS agency_hours_copied AS agency_hours
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, segment, hour, known)
SETTINGS index_granularity = 512
;

-- for each: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'agency_hours' AND engine_full NOT LIKE '%index_granularity = 512%'
EXCHANGE TABLES agency_hours_copied AND agency_hours
;

-- for each: SELECT DISTINCT client_id, agency_id FROM agency_hours_copied
INSERT INTO agency_hours SELECT * FROM agency_hours_copied
WHERE client_id = {client_id:String} AND agency_id = {agency_id:String}
SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1
;

DROP TABLE IF EXISTS agency_hours_copied
;

CREATE TABLE IF NOT EXISTS agency_metrics_copied AS agency_metrics
ENGINE = ReplacingMergeTree(version)
ORDER BY (client_id, agency_id, segment, window, day)
SETTINGS index_granularity = 256
;

-- for each: SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'agency_metrics' AND engine_full NOT LIKE '%index_granularity = 256%'
EXCHANGE TABLES agency_metrics_copied AND agency_metrics
;

-- for each: SELECT DISTINCT client_id, agency_id FROM agency_metrics_copied
INSERT INTO agency_metrics SELECT * FROM agency_metrics_copied
WHERE client_id = {client_id:String} AND agency_id = {agency_id:String}
SETTINGS max_partitions_per_insert_block = 0, max_insert_threads = 1
;

DROP TABLE IF EXISTS agency_metrics_copied
;
