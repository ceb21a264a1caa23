-- Tables of a snapshot for ClickHouse: clickhouse local --path db < this file

CREATE DATABASE IF NOT EXISTS sluice;

CREATE OR REPLACE VIEW sluice.`records_author` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/records/author/{version=current/part_000.ndjson,version=published/part_000.ndjson}', 'JSONEachRow', '`id` Nullable(String), `_model` Nullable(String), `_locale` Nullable(String), `_version` Nullable(String), `_status` Nullable(String), `_created_at` Nullable(DateTime64(3, \'UTC\')), `_updated_at` Nullable(DateTime64(3, \'UTC\')), `_published_at` Nullable(DateTime64(3, \'UTC\')), `_first_published_at` Nullable(DateTime64(3, \'UTC\')), `_publication_scheduled_at` Nullable(DateTime64(3, \'UTC\')), `_unpublishing_scheduled_at` Nullable(DateTime64(3, \'UTC\')), `_is_valid` Nullable(Bool), `_is_current_version_valid` Nullable(Bool), `_is_published_version_valid` Nullable(Bool), `_current_version` Nullable(String), `_stage` Nullable(String), `_has_children` Nullable(Bool), `_creator_type` Nullable(String), `_creator_id` Nullable(String), `_parent_id` Nullable(String), `_position` Nullable(Int32), `name` Nullable(String), `count` Nullable(Int64), `ratio` Nullable(Float64), `ok` Nullable(Bool), `_extra` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`records_empty` AS
SELECT * FROM (SELECT CAST(NULL AS Nullable(String)) AS `id`, CAST(NULL AS Nullable(String)) AS `_model`, CAST(NULL AS Nullable(String)) AS `_locale`, CAST(NULL AS Nullable(String)) AS `_version`, CAST(NULL AS Nullable(String)) AS `_status`, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `_created_at`, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `_updated_at`, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `_published_at`, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `_first_published_at`, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `_publication_scheduled_at`, CAST(NULL AS Nullable(DateTime64(3, 'UTC'))) AS `_unpublishing_scheduled_at`, CAST(NULL AS Nullable(Bool)) AS `_is_valid`, CAST(NULL AS Nullable(Bool)) AS `_is_current_version_valid`, CAST(NULL AS Nullable(Bool)) AS `_is_published_version_valid`, CAST(NULL AS Nullable(String)) AS `_current_version`, CAST(NULL AS Nullable(String)) AS `_stage`, CAST(NULL AS Nullable(Bool)) AS `_has_children`, CAST(NULL AS Nullable(String)) AS `_creator_type`, CAST(NULL AS Nullable(String)) AS `_creator_id`, CAST(NULL AS Nullable(String)) AS `_parent_id`, CAST(NULL AS Nullable(Int32)) AS `_position`, CAST(NULL AS Nullable(String)) AS `_extra`) WHERE 1 = 0
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`records_select` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/records/select/{version=current/part_000.ndjson,version=published/part_000.ndjson,version=published/part_001.ndjson}', 'JSONEachRow', '`id` Nullable(String), `_model` Nullable(String), `_locale` Nullable(String), `_version` Nullable(String), `_status` Nullable(String), `_created_at` Nullable(DateTime64(3, \'UTC\')), `_updated_at` Nullable(DateTime64(3, \'UTC\')), `_published_at` Nullable(DateTime64(3, \'UTC\')), `_first_published_at` Nullable(DateTime64(3, \'UTC\')), `_publication_scheduled_at` Nullable(DateTime64(3, \'UTC\')), `_unpublishing_scheduled_at` Nullable(DateTime64(3, \'UTC\')), `_is_valid` Nullable(Bool), `_is_current_version_valid` Nullable(Bool), `_is_published_version_valid` Nullable(Bool), `_current_version` Nullable(String), `_stage` Nullable(String), `_has_children` Nullable(Bool), `_creator_type` Nullable(String), `_creator_id` Nullable(String), `_parent_id` Nullable(String), `_position` Nullable(Int32), `title` Nullable(String), `on` Nullable(Date32), `at` Nullable(DateTime64(3, \'UTC\')), `tags` Nullable(String), `_extra` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`blocks_quote` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/blocks/quote/{version=current/part_000.ndjson,version=published/part_000.ndjson}', 'JSONEachRow', '`id` Nullable(String), `_model` Nullable(String), `_record_id` Nullable(String), `_record_model` Nullable(String), `_version` Nullable(String), `_locale` Nullable(String), `_field` Nullable(String), `_parent_id` Nullable(String), `_path` Nullable(String), `_position` Nullable(Int32), `_depth` Nullable(Int32), `text` Nullable(String), `_extra` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`links` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/links/{version=current/part_000.ndjson,version=published/part_000.ndjson}', 'JSONEachRow', '`_record_id` Nullable(String), `_record_model` Nullable(String), `_version` Nullable(String), `_locale` Nullable(String), `_source_id` Nullable(String), `_field` Nullable(String), `_position` Nullable(Int32), `_block_model` Nullable(String), `_path` Nullable(String), `_kind` Nullable(String), `target_type` Nullable(String), `target_id` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`uploads` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/uploads/part_000.ndjson', 'JSONEachRow', '`id` Nullable(String), `filename` Nullable(String), `basename` Nullable(String), `format` Nullable(String), `mime_type` Nullable(String), `size` Nullable(Int64), `md5` Nullable(String), `url` Nullable(String), `path` Nullable(String), `is_image` Nullable(Bool), `width` Nullable(Int32), `height` Nullable(Int32), `duration` Nullable(Float64), `frame_rate` Nullable(Float64), `author` Nullable(String), `copyright` Nullable(String), `notes` Nullable(String), `tags` Nullable(String), `smart_tags` Nullable(String), `colors` Nullable(String), `blurhash` Nullable(String), `thumbhash` Nullable(String), `exif_info` Nullable(String), `default_field_metadata` Nullable(String), `mux_playback_id` Nullable(String), `mux_mp4_highest_res` Nullable(String), `created_at` Nullable(DateTime64(3, \'UTC\')), `updated_at` Nullable(DateTime64(3, \'UTC\')), `_creator_type` Nullable(String), `_creator_id` Nullable(String), `_upload_collection_id` Nullable(String), `_antivirus_status` Nullable(String), `_antivirus_checked_at` Nullable(DateTime64(3, \'UTC\')), `_antivirus_threat_name` Nullable(String), `_extra` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`locales` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/locales/part_000.ndjson', 'JSONEachRow', '`locale` Nullable(String), `position` Nullable(Int32), `is_main` Nullable(Bool)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`models` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/models/part_000.ndjson', 'JSONEachRow', '`id` Nullable(String), `api_key` Nullable(String), `name` Nullable(String), `is_block` Nullable(Bool), `is_singleton` Nullable(Bool), `is_tree` Nullable(Bool), `has_drafts` Nullable(Bool), `title_field` Nullable(String), `image_field` Nullable(String), `workflow_id` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`fields` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/fields/part_000.ndjson', 'JSONEachRow', '`id` Nullable(String), `model` Nullable(String), `api_key` Nullable(String), `label` Nullable(String), `field_type` Nullable(String), `localized` Nullable(Bool), `required` Nullable(Bool), `unique` Nullable(Bool), `position` Nullable(Int32), `validators` Nullable(String), `column_name` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`creators` AS
SELECT * FROM (SELECT CAST(NULL AS Nullable(String)) AS `type`, CAST(NULL AS Nullable(String)) AS `id`, CAST(NULL AS Nullable(String)) AS `name`, CAST(NULL AS Nullable(String)) AS `email`, CAST(NULL AS Nullable(String)) AS `role_id`) WHERE 1 = 0
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

CREATE OR REPLACE VIEW sluice.`assets` AS
SELECT * FROM file('/backups/it\'s/snapshot_1700000000/tables/assets/part_000.ndjson', 'JSONEachRow', '`upload_id` Nullable(String), `outcome` Nullable(String), `key` Nullable(String), `size` Nullable(Int64), `md5` Nullable(String), `reason` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

-- The records of all models: their columns but for fields, and _title
CREATE OR REPLACE VIEW sluice.`all_records` AS
SELECT `id`, `_model`, `_locale`, `_version`, `_status`, `_created_at`, `_updated_at`, `_published_at`, `_first_published_at`, `_publication_scheduled_at`, `_unpublishing_scheduled_at`, `_is_valid`, `_is_current_version_valid`, `_is_published_version_valid`, `_current_version`, `_stage`, `_has_children`, `_creator_type`, `_creator_id`, `_parent_id`, `_position`, CAST(`name` AS Nullable(String)) AS `_title`
FROM sluice.`records_author`
UNION ALL
SELECT `id`, `_model`, `_locale`, `_version`, `_status`, `_created_at`, `_updated_at`, `_published_at`, `_first_published_at`, `_publication_scheduled_at`, `_unpublishing_scheduled_at`, `_is_valid`, `_is_current_version_valid`, `_is_published_version_valid`, `_current_version`, `_stage`, `_has_children`, `_creator_type`, `_creator_id`, `_parent_id`, `_position`, CAST(NULL AS Nullable(String)) AS `_title`
FROM sluice.`records_empty`
UNION ALL
SELECT `id`, `_model`, `_locale`, `_version`, `_status`, `_created_at`, `_updated_at`, `_published_at`, `_first_published_at`, `_publication_scheduled_at`, `_unpublishing_scheduled_at`, `_is_valid`, `_is_current_version_valid`, `_is_published_version_valid`, `_current_version`, `_stage`, `_has_children`, `_creator_type`, `_creator_id`, `_parent_id`, `_position`, CAST(`title` AS Nullable(String)) AS `_title`
FROM sluice.`records_select`
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

-- The blocks of all block models: their columns but for fields
CREATE OR REPLACE VIEW sluice.`all_blocks` AS
SELECT `id`, `_model`, `_record_id`, `_record_model`, `_version`, `_locale`, `_field`, `_parent_id`, `_path`, `_position`, `_depth`
FROM sluice.`blocks_quote`
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

-- Each record once, with its title in the first of the project's locales that has one
CREATE OR REPLACE VIEW sluice.`record_titles` AS
SELECT id, model, title FROM (
  SELECT r.id AS id, r._model AS model, r._title AS title,
    row_number() OVER (PARTITION BY r.id ORDER BY r._version, CASE WHEN r._title IS NULL THEN 1 ELSE 0 END, l.position, r._locale) AS nth
  FROM sluice.`all_records` r LEFT JOIN sluice.`locales` l ON l.locale = r._locale
) titles WHERE nth = 1
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

-- Each localized field of each current record in each locale of the project
CREATE OR REPLACE VIEW sluice.`translations` AS
SELECT 'select' AS model, k.id AS id, l.locale AS locale, f.1 AS field, f.2 AS filled
FROM (SELECT DISTINCT id FROM sluice.`records_select` WHERE _version = 'current') k
CROSS JOIN sluice.`locales` l
LEFT JOIN sluice.`records_select` r ON r.id = k.id AND r._locale = l.locale AND r._version = 'current'
ARRAY JOIN [tuple('title', coalesce(r.`title` <> '', false))] AS f
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

-- Who refers to which record or asset, by field and locale, and how often
CREATE OR REPLACE VIEW sluice.`usages` AS
SELECT target_type, target_id, _record_model AS model, _record_id AS record_id,
  _version AS version, _locale AS locale, _kind AS kind, count(*) AS times
FROM sluice.`links` GROUP BY 1, 2, 3, 4, 5, 6, 7
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;

-- Each record's current version in each snapshot beside this one
CREATE OR REPLACE VIEW sluice.`history` AS
SELECT toInt64(extract(_path, 'snapshot_(\\d+)/')) AS snapshot, _model AS model, id, _locale AS locale,
  _status AS status, _updated_at AS updated_at, `name` AS title
FROM file('/backups/it\'s/snapshot_*/tables/records/author/version=current/part_*.ndjson*', 'JSONEachRow', '`id` Nullable(String), `_model` Nullable(String), `_locale` Nullable(String), `_status` Nullable(String), `_updated_at` Nullable(DateTime64(3, \'UTC\')), `name` Nullable(String)')
UNION ALL
SELECT toInt64(extract(_path, 'snapshot_(\\d+)/')) AS snapshot, _model AS model, id, _locale AS locale,
  _status AS status, _updated_at AS updated_at, `title` AS title
FROM file('/backups/it\'s/snapshot_*/tables/records/select/version=current/part_*.ndjson*', 'JSONEachRow', '`id` Nullable(String), `_model` Nullable(String), `_locale` Nullable(String), `_status` Nullable(String), `_updated_at` Nullable(DateTime64(3, \'UTC\')), `title` Nullable(String)')
SETTINGS join_use_nulls = 1, date_time_input_format = 'best_effort', use_hive_partitioning = 0;
