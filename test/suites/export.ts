// Exports: their steps, assets, numbers and what they say.
import "../export/assets/delete_orphans_test.ts";
import "../export/assets/doubtful_orphans_test.ts";
import "../export/assets/export_assets_test.ts";
import "../export/assets/kept_assets_test.ts";
import "../export/assets/max_delete_test.ts";
import "../export/assets/resumed_assets_test.ts";
import "../export/bad_resources_test.ts";
import "../export/compress_test.ts";
import "../export/export_hooks_test.ts";
import "../export/export_settings_test.ts";
import "../export/export_test.ts";
import "../export/journal_test.ts";
import "../export/numbers_test.ts";
import "../export/plan_test.ts";
import "../export/steps/export_schedules_test.ts";
import "../export/steps/note_restrictions_test.ts";
import "../export/steps/note_schema_change_test.ts";
