-- Tables of a snapshot for Athena, which takes one statement at a time

-- It reads S3: copy a snapshot that is elsewhere there, and write the copy's address.

CREATE DATABASE IF NOT EXISTS sluice;

DROP TABLE IF EXISTS sluice.`records_author_files`;

CREATE EXTERNAL TABLE sluice.`records_author_files` (`id` string, `_model` string, `_locale` string, `_version` string, `_status` string, `_created_at` timestamp, `_updated_at` timestamp, `_published_at` timestamp, `_first_published_at` timestamp, `_publication_scheduled_at` timestamp, `_unpublishing_scheduled_at` timestamp, `_is_valid` boolean, `_is_current_version_valid` boolean, `_is_published_version_valid` boolean, `_current_version` string, `_stage` string, `_has_children` boolean, `_creator_type` string, `_creator_id` string, `_parent_id` string, `_position` int, `name` string, `count` bigint, `ratio` double, `ok` boolean, `_extra` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/records/author/';

CREATE OR REPLACE VIEW sluice."records_author" AS
SELECT "id", "_model", "_locale", "_version", "_status", "_created_at", "_updated_at", "_published_at", "_first_published_at", "_publication_scheduled_at", "_unpublishing_scheduled_at", "_is_valid", "_is_current_version_valid", "_is_published_version_valid", "_current_version", "_stage", "_has_children", "_creator_type", "_creator_id", "_parent_id", "_position", "name", "count", "ratio", "ok", "_extra"
FROM sluice."records_author_files";

CREATE OR REPLACE VIEW sluice."records_empty" AS
SELECT * FROM (SELECT CAST(NULL AS varchar) AS "id", CAST(NULL AS varchar) AS "_model", CAST(NULL AS varchar) AS "_locale", CAST(NULL AS varchar) AS "_version", CAST(NULL AS varchar) AS "_status", CAST(NULL AS timestamp(3)) AS "_created_at", CAST(NULL AS timestamp(3)) AS "_updated_at", CAST(NULL AS timestamp(3)) AS "_published_at", CAST(NULL AS timestamp(3)) AS "_first_published_at", CAST(NULL AS timestamp(3)) AS "_publication_scheduled_at", CAST(NULL AS timestamp(3)) AS "_unpublishing_scheduled_at", CAST(NULL AS boolean) AS "_is_valid", CAST(NULL AS boolean) AS "_is_current_version_valid", CAST(NULL AS boolean) AS "_is_published_version_valid", CAST(NULL AS varchar) AS "_current_version", CAST(NULL AS varchar) AS "_stage", CAST(NULL AS boolean) AS "_has_children", CAST(NULL AS varchar) AS "_creator_type", CAST(NULL AS varchar) AS "_creator_id", CAST(NULL AS varchar) AS "_parent_id", CAST(NULL AS integer) AS "_position", CAST(NULL AS varchar) AS "_extra") nothing WHERE 1 = 0;

DROP TABLE IF EXISTS sluice.`records_select_files`;

CREATE EXTERNAL TABLE sluice.`records_select_files` (`id` string, `_model` string, `_locale` string, `_version` string, `_status` string, `_created_at` timestamp, `_updated_at` timestamp, `_published_at` timestamp, `_first_published_at` timestamp, `_publication_scheduled_at` timestamp, `_unpublishing_scheduled_at` timestamp, `_is_valid` boolean, `_is_current_version_valid` boolean, `_is_published_version_valid` boolean, `_current_version` string, `_stage` string, `_has_children` boolean, `_creator_type` string, `_creator_id` string, `_parent_id` string, `_position` int, `title` string, `on` date, `at` timestamp, `tags` string, `_extra` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/records/select/';

CREATE OR REPLACE VIEW sluice."records_select" AS
SELECT "id", "_model", "_locale", "_version", "_status", "_created_at", "_updated_at", "_published_at", "_first_published_at", "_publication_scheduled_at", "_unpublishing_scheduled_at", "_is_valid", "_is_current_version_valid", "_is_published_version_valid", "_current_version", "_stage", "_has_children", "_creator_type", "_creator_id", "_parent_id", "_position", "title", "on", "at", "tags", "_extra"
FROM sluice."records_select_files";

DROP TABLE IF EXISTS sluice.`blocks_quote_files`;

CREATE EXTERNAL TABLE sluice.`blocks_quote_files` (`id` string, `_model` string, `_record_id` string, `_record_model` string, `_version` string, `_locale` string, `_field` string, `_parent_id` string, `_path` string, `_position` int, `_depth` int, `text` string, `_extra` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/blocks/quote/';

CREATE OR REPLACE VIEW sluice."blocks_quote" AS
SELECT "id", "_model", "_record_id", "_record_model", "_version", "_locale", "_field", "_parent_id", "_path", "_position", "_depth", "text", "_extra"
FROM sluice."blocks_quote_files";

DROP TABLE IF EXISTS sluice.`links_files`;

CREATE EXTERNAL TABLE sluice.`links_files` (`_record_id` string, `_record_model` string, `_version` string, `_locale` string, `_source_id` string, `_field` string, `_position` int, `_block_model` string, `_path` string, `_kind` string, `target_type` string, `target_id` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/links/';

CREATE OR REPLACE VIEW sluice."links" AS
SELECT "_record_id", "_record_model", "_version", "_locale", "_source_id", "_field", "_position", "_block_model", "_path", "_kind", "target_type", "target_id"
FROM sluice."links_files";

DROP TABLE IF EXISTS sluice.`uploads_files`;

CREATE EXTERNAL TABLE sluice.`uploads_files` (`id` string, `filename` string, `basename` string, `format` string, `mime_type` string, `size` bigint, `md5` string, `url` string, `path` string, `is_image` boolean, `width` int, `height` int, `duration` double, `frame_rate` double, `author` string, `copyright` string, `notes` string, `tags` string, `smart_tags` string, `colors` string, `blurhash` string, `thumbhash` string, `exif_info` string, `default_field_metadata` string, `mux_playback_id` string, `mux_mp4_highest_res` string, `created_at` timestamp, `updated_at` timestamp, `_creator_type` string, `_creator_id` string, `_upload_collection_id` string, `_antivirus_status` string, `_antivirus_checked_at` timestamp, `_antivirus_threat_name` string, `_extra` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/uploads/';

CREATE OR REPLACE VIEW sluice."uploads" AS
SELECT "id", "filename", "basename", "format", "mime_type", "size", "md5", "url", "path", "is_image", "width", "height", "duration", "frame_rate", "author", "copyright", "notes", "tags", "smart_tags", "colors", "blurhash", "thumbhash", "exif_info", "default_field_metadata", "mux_playback_id", "mux_mp4_highest_res", "created_at", "updated_at", "_creator_type", "_creator_id", "_upload_collection_id", "_antivirus_status", "_antivirus_checked_at", "_antivirus_threat_name", "_extra"
FROM sluice."uploads_files";

DROP TABLE IF EXISTS sluice.`locales_files`;

CREATE EXTERNAL TABLE sluice.`locales_files` (`locale` string, `position` int, `is_main` boolean)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/locales/';

CREATE OR REPLACE VIEW sluice."locales" AS
SELECT "locale", "position", "is_main"
FROM sluice."locales_files";

DROP TABLE IF EXISTS sluice.`models_files`;

CREATE EXTERNAL TABLE sluice.`models_files` (`id` string, `api_key` string, `name` string, `is_block` boolean, `is_singleton` boolean, `is_tree` boolean, `has_drafts` boolean, `title_field` string, `image_field` string, `workflow_id` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/models/';

CREATE OR REPLACE VIEW sluice."models" AS
SELECT "id", "api_key", "name", "is_block", "is_singleton", "is_tree", "has_drafts", "title_field", "image_field", "workflow_id"
FROM sluice."models_files";

DROP TABLE IF EXISTS sluice.`fields_files`;

CREATE EXTERNAL TABLE sluice.`fields_files` (`id` string, `model` string, `api_key` string, `label` string, `field_type` string, `localized` boolean, `required` boolean, `unique` boolean, `position` int, `validators` string, `column_name` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/fields/';

CREATE OR REPLACE VIEW sluice."fields" AS
SELECT "id", "model", "api_key", "label", "field_type", "localized", "required", "unique", "position", "validators", "column_name"
FROM sluice."fields_files";

CREATE OR REPLACE VIEW sluice."creators" AS
SELECT * FROM (SELECT CAST(NULL AS varchar) AS "type", CAST(NULL AS varchar) AS "id", CAST(NULL AS varchar) AS "name", CAST(NULL AS varchar) AS "email", CAST(NULL AS varchar) AS "role_id") nothing WHERE 1 = 0;

DROP TABLE IF EXISTS sluice.`assets_files`;

CREATE EXTERNAL TABLE sluice.`assets_files` (`upload_id` string, `outcome` string, `key` string, `size` bigint, `md5` string, `reason` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/snapshot_1700000000/tables/assets/';

CREATE OR REPLACE VIEW sluice."assets" AS
SELECT "upload_id", "outcome", "key", "size", "md5", "reason"
FROM sluice."assets_files";

-- The records of all models: their columns but for fields, and _title
CREATE OR REPLACE VIEW sluice."all_records" AS
SELECT "id", "_model", "_locale", "_version", "_status", "_created_at", "_updated_at", "_published_at", "_first_published_at", "_publication_scheduled_at", "_unpublishing_scheduled_at", "_is_valid", "_is_current_version_valid", "_is_published_version_valid", "_current_version", "_stage", "_has_children", "_creator_type", "_creator_id", "_parent_id", "_position", CAST("name" AS varchar) AS "_title"
FROM sluice."records_author"
UNION ALL
SELECT "id", "_model", "_locale", "_version", "_status", "_created_at", "_updated_at", "_published_at", "_first_published_at", "_publication_scheduled_at", "_unpublishing_scheduled_at", "_is_valid", "_is_current_version_valid", "_is_published_version_valid", "_current_version", "_stage", "_has_children", "_creator_type", "_creator_id", "_parent_id", "_position", CAST(NULL AS varchar) AS "_title"
FROM sluice."records_empty"
UNION ALL
SELECT "id", "_model", "_locale", "_version", "_status", "_created_at", "_updated_at", "_published_at", "_first_published_at", "_publication_scheduled_at", "_unpublishing_scheduled_at", "_is_valid", "_is_current_version_valid", "_is_published_version_valid", "_current_version", "_stage", "_has_children", "_creator_type", "_creator_id", "_parent_id", "_position", CAST("title" AS varchar) AS "_title"
FROM sluice."records_select";

-- The blocks of all block models: their columns but for fields
CREATE OR REPLACE VIEW sluice."all_blocks" AS
SELECT "id", "_model", "_record_id", "_record_model", "_version", "_locale", "_field", "_parent_id", "_path", "_position", "_depth"
FROM sluice."blocks_quote";

-- Each record once, with its title in the first of the project's locales that has one
CREATE OR REPLACE VIEW sluice."record_titles" AS
SELECT id, model, title FROM (
  SELECT r.id AS id, r._model AS model, r._title AS title,
    row_number() OVER (PARTITION BY r.id ORDER BY r._version, CASE WHEN r._title IS NULL THEN 1 ELSE 0 END, l.position, r._locale) AS nth
  FROM sluice."all_records" r LEFT JOIN sluice."locales" l ON l.locale = r._locale
) titles WHERE nth = 1;

-- Each localized field of each current record in each locale of the project
CREATE OR REPLACE VIEW sluice."translations" AS
SELECT 'select' AS model, k.id AS id, l.locale AS locale, f.field AS field, f.filled AS filled
FROM (SELECT DISTINCT id FROM sluice."records_select" WHERE _version = 'current') k
CROSS JOIN sluice."locales" l
LEFT JOIN sluice."records_select" r ON r.id = k.id AND r._locale = l.locale AND r._version = 'current'
CROSS JOIN UNNEST(ARRAY['title'], ARRAY[coalesce(r."title" <> '', false)]) AS f(field, filled);

-- Who refers to which record or asset, by field and locale, and how often
CREATE OR REPLACE VIEW sluice."usages" AS
SELECT target_type, target_id, _record_model AS model, _record_id AS record_id,
  _version AS version, _locale AS locale, _kind AS kind, count(*) AS times
FROM sluice."links" GROUP BY 1, 2, 3, 4, 5, 6, 7;

DROP TABLE IF EXISTS sluice.`history_files`;

CREATE EXTERNAL TABLE sluice.`history_files` (`id` string, `_model` string, `_locale` string, `_status` string, `_updated_at` timestamp, `name` string, `title` string)
STORED AS PARQUET
LOCATION 's3://bucket/it\'s/';

-- Each record's current version in each snapshot beside this one
CREATE OR REPLACE VIEW sluice."history" AS
SELECT CAST(regexp_extract("$path", 'snapshot_(\d+)/', 1) AS bigint) AS snapshot,
  _model AS model, id, _locale AS locale, _status AS status,
  _updated_at AS updated_at, CASE _model
    WHEN 'author' THEN "name"
    WHEN 'select' THEN "title" END AS title
FROM sluice.history_files
WHERE regexp_like("$path", '/snapshot_\d+/tables/records/[^/]+/version=current/part_\d+\.parquet');
