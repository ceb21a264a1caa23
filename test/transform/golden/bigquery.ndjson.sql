-- Tables of a snapshot for BigQuery: bq query --use_legacy_sql=false < this file

-- It reads Cloud Storage: copy the snapshot there, and write the copy's address.

CREATE SCHEMA IF NOT EXISTS sluice;

LOAD DATA OVERWRITE sluice.`records_author` (`id` STRING, `_model` STRING, `_locale` STRING, `_version` STRING, `_status` STRING, `_created_at` TIMESTAMP, `_updated_at` TIMESTAMP, `_published_at` TIMESTAMP, `_first_published_at` TIMESTAMP, `_publication_scheduled_at` TIMESTAMP, `_unpublishing_scheduled_at` TIMESTAMP, `_is_valid` BOOL, `_is_current_version_valid` BOOL, `_is_published_version_valid` BOOL, `_current_version` STRING, `_stage` STRING, `_has_children` BOOL, `_creator_type` STRING, `_creator_id` STRING, `_parent_id` STRING, `_position` INT64, `name` STRING, `count` INT64, `ratio` FLOAT64, `ok` BOOL, `_extra` JSON)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/records/author/version=current/part_000.ndjson', 'gs://bucket/it\'s/snapshot_1700000000/tables/records/author/version=published/part_000.ndjson']);

CREATE OR REPLACE TABLE sluice.`records_empty` (`id` STRING, `_model` STRING, `_locale` STRING, `_version` STRING, `_status` STRING, `_created_at` TIMESTAMP, `_updated_at` TIMESTAMP, `_published_at` TIMESTAMP, `_first_published_at` TIMESTAMP, `_publication_scheduled_at` TIMESTAMP, `_unpublishing_scheduled_at` TIMESTAMP, `_is_valid` BOOL, `_is_current_version_valid` BOOL, `_is_published_version_valid` BOOL, `_current_version` STRING, `_stage` STRING, `_has_children` BOOL, `_creator_type` STRING, `_creator_id` STRING, `_parent_id` STRING, `_position` INT64, `_extra` JSON);

LOAD DATA OVERWRITE sluice.`records_select` (`id` STRING, `_model` STRING, `_locale` STRING, `_version` STRING, `_status` STRING, `_created_at` TIMESTAMP, `_updated_at` TIMESTAMP, `_published_at` TIMESTAMP, `_first_published_at` TIMESTAMP, `_publication_scheduled_at` TIMESTAMP, `_unpublishing_scheduled_at` TIMESTAMP, `_is_valid` BOOL, `_is_current_version_valid` BOOL, `_is_published_version_valid` BOOL, `_current_version` STRING, `_stage` STRING, `_has_children` BOOL, `_creator_type` STRING, `_creator_id` STRING, `_parent_id` STRING, `_position` INT64, `title` STRING, `on` DATE, `at` TIMESTAMP, `tags` JSON, `_extra` JSON)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/records/select/version=current/part_000.ndjson', 'gs://bucket/it\'s/snapshot_1700000000/tables/records/select/version=published/part_000.ndjson', 'gs://bucket/it\'s/snapshot_1700000000/tables/records/select/version=published/part_001.ndjson']);

LOAD DATA OVERWRITE sluice.`blocks_quote` (`id` STRING, `_model` STRING, `_record_id` STRING, `_record_model` STRING, `_version` STRING, `_locale` STRING, `_field` STRING, `_parent_id` STRING, `_path` STRING, `_position` INT64, `_depth` INT64, `text` JSON, `_extra` JSON)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/blocks/quote/version=current/part_000.ndjson', 'gs://bucket/it\'s/snapshot_1700000000/tables/blocks/quote/version=published/part_000.ndjson']);

LOAD DATA OVERWRITE sluice.`links` (`_record_id` STRING, `_record_model` STRING, `_version` STRING, `_locale` STRING, `_source_id` STRING, `_field` STRING, `_position` INT64, `_block_model` STRING, `_path` STRING, `_kind` STRING, `target_type` STRING, `target_id` STRING)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/links/version=current/part_000.ndjson', 'gs://bucket/it\'s/snapshot_1700000000/tables/links/version=published/part_000.ndjson']);

LOAD DATA OVERWRITE sluice.`uploads` (`id` STRING, `filename` STRING, `basename` STRING, `format` STRING, `mime_type` STRING, `size` INT64, `md5` STRING, `url` STRING, `path` STRING, `is_image` BOOL, `width` INT64, `height` INT64, `duration` FLOAT64, `frame_rate` FLOAT64, `author` STRING, `copyright` STRING, `notes` STRING, `tags` JSON, `smart_tags` JSON, `colors` JSON, `blurhash` STRING, `thumbhash` STRING, `exif_info` JSON, `default_field_metadata` JSON, `mux_playback_id` STRING, `mux_mp4_highest_res` STRING, `created_at` TIMESTAMP, `updated_at` TIMESTAMP, `_creator_type` STRING, `_creator_id` STRING, `_upload_collection_id` STRING, `_antivirus_status` STRING, `_antivirus_checked_at` TIMESTAMP, `_antivirus_threat_name` STRING, `_extra` JSON)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/uploads/part_000.ndjson']);

LOAD DATA OVERWRITE sluice.`locales` (`locale` STRING, `position` INT64, `is_main` BOOL)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/locales/part_000.ndjson']);

LOAD DATA OVERWRITE sluice.`models` (`id` STRING, `api_key` STRING, `name` STRING, `is_block` BOOL, `is_singleton` BOOL, `is_tree` BOOL, `has_drafts` BOOL, `title_field` STRING, `image_field` STRING, `workflow_id` STRING)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/models/part_000.ndjson']);

LOAD DATA OVERWRITE sluice.`fields` (`id` STRING, `model` STRING, `api_key` STRING, `label` STRING, `field_type` STRING, `localized` BOOL, `required` BOOL, `unique` BOOL, `position` INT64, `validators` JSON, `column_name` STRING)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/fields/part_000.ndjson']);

CREATE OR REPLACE TABLE sluice.`creators` (`type` STRING, `id` STRING, `name` STRING, `email` STRING, `role_id` STRING);

LOAD DATA OVERWRITE sluice.`assets` (`upload_id` STRING, `outcome` STRING, `key` STRING, `size` INT64, `md5` STRING, `reason` STRING)
FROM FILES (format = 'JSON', uris = ['gs://bucket/it\'s/snapshot_1700000000/tables/assets/part_000.ndjson']);

-- The records of all models: their columns but for fields, and _title
CREATE OR REPLACE VIEW sluice.`all_records` AS
SELECT `id`, `_model`, `_locale`, `_version`, `_status`, `_created_at`, `_updated_at`, `_published_at`, `_first_published_at`, `_publication_scheduled_at`, `_unpublishing_scheduled_at`, `_is_valid`, `_is_current_version_valid`, `_is_published_version_valid`, `_current_version`, `_stage`, `_has_children`, `_creator_type`, `_creator_id`, `_parent_id`, `_position`, CAST(`name` AS STRING) AS `_title`
FROM sluice.`records_author`
UNION ALL
SELECT `id`, `_model`, `_locale`, `_version`, `_status`, `_created_at`, `_updated_at`, `_published_at`, `_first_published_at`, `_publication_scheduled_at`, `_unpublishing_scheduled_at`, `_is_valid`, `_is_current_version_valid`, `_is_published_version_valid`, `_current_version`, `_stage`, `_has_children`, `_creator_type`, `_creator_id`, `_parent_id`, `_position`, CAST(NULL AS STRING) AS `_title`
FROM sluice.`records_empty`
UNION ALL
SELECT `id`, `_model`, `_locale`, `_version`, `_status`, `_created_at`, `_updated_at`, `_published_at`, `_first_published_at`, `_publication_scheduled_at`, `_unpublishing_scheduled_at`, `_is_valid`, `_is_current_version_valid`, `_is_published_version_valid`, `_current_version`, `_stage`, `_has_children`, `_creator_type`, `_creator_id`, `_parent_id`, `_position`, CAST(`title` AS STRING) AS `_title`
FROM sluice.`records_select`;

-- The blocks of all block models: their columns but for fields
CREATE OR REPLACE VIEW sluice.`all_blocks` AS
SELECT `id`, `_model`, `_record_id`, `_record_model`, `_version`, `_locale`, `_field`, `_parent_id`, `_path`, `_position`, `_depth`
FROM sluice.`blocks_quote`;

-- Each record once, with its title in the first of the project's locales that has one
CREATE OR REPLACE VIEW sluice.`record_titles` AS
SELECT id, model, title FROM (
  SELECT r.id AS id, r._model AS model, r._title AS title,
    row_number() OVER (PARTITION BY r.id ORDER BY r._version, CASE WHEN r._title IS NULL THEN 1 ELSE 0 END, l.position, r._locale) AS nth
  FROM sluice.`all_records` r LEFT JOIN sluice.`locales` l ON l.locale = r._locale
) titles WHERE nth = 1;

-- Each localized field of each current record in each locale of the project
CREATE OR REPLACE VIEW sluice.`translations` AS
SELECT 'select' AS model, k.id AS id, l.locale AS locale, f.field AS field, f.filled AS filled
FROM (SELECT DISTINCT id FROM sluice.`records_select` WHERE _version = 'current') k
CROSS JOIN sluice.`locales` l
LEFT JOIN sluice.`records_select` r ON r.id = k.id AND r._locale = l.locale AND r._version = 'current'
CROSS JOIN UNNEST([STRUCT('title' AS field, coalesce(r.`title` <> '', false) AS filled)]) AS f;

-- Who refers to which record or asset, by field and locale, and how often
CREATE OR REPLACE VIEW sluice.`usages` AS
SELECT target_type, target_id, _record_model AS model, _record_id AS record_id,
  _version AS version, _locale AS locale, _kind AS kind, count(*) AS times
FROM sluice.`links` GROUP BY 1, 2, 3, 4, 5, 6, 7;
